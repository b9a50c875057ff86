"""Thread pool: order, number of threads, errors, and calls that are discarded."""

from __future__ import annotations

import threading

import pytest
from llm_stats.fetch.thread_pool import DaemonThreadPool


def test_calls_run_in_named_daemon_threads() -> None:
    pool = DaemonThreadPool(2)
    threads = [pool.submit(threading.current_thread).result() for _ in range(5)]
    assert {(thread.name, thread.daemon) for thread in threads} == {("fetch", True)}
    assert len(pool._threads) == 2
    pool.shutdown(10)
    assert not any(thread.is_alive() for thread in threads)


def test_calls_start_in_order_and_errors_are_raised_by_the_result() -> None:
    pool = DaemonThreadPool(1)
    started: list[int] = []

    def call(number: int) -> int:
        started.append(number)
        if number == 2:
            raise KeyboardInterrupt
        return 10 * number

    results = pool.map_unordered(call, range(4), max_ahead=2)
    assert [next(results), next(results)] == [0, 10]
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert pool.submit(lambda: "the thread survives an error").result()
    assert started == [0, 1, 2, 3]
    pool.shutdown(10)


def test_few_calls_are_submitted_ahead() -> None:
    pool = DaemonThreadPool(1)
    started: list[int] = []
    results = pool.map_unordered(lambda number: started.append(number), range(9), max_ahead=3)
    pool.submit(lambda: None).result()
    assert started == [0, 1, 2]
    next(results)
    pool.submit(lambda: None).result()
    assert started == [0, 1, 2, 3]
    assert len(list(results)) == 8
    pool.shutdown(10)


def test_shutdown_discards_calls_and_waits_for_the_timeout() -> None:
    pool = DaemonThreadPool(1)
    begun, end = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return end.wait(10)

    running = pool.submit(wait)
    begun.wait(10)
    waiting = pool.submit(lambda: "never")
    pool.shutdown(0.01)
    assert not running.done()
    end.set()
    assert running.result()
    assert not waiting.done()
    assert pool.submit(lambda: "a new thread").result()
    pool.shutdown(10)
