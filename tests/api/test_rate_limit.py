"""The pace of all threads together, by the clock: never more than the limit in any window, and a pause for everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from llm_stats.api.rate_limit import RateLimiter


@pytest.fixture
def stopped() -> threading.Event:
    return threading.Event()


@pytest.fixture
def pace() -> Iterator[RateLimiter]:
    """Ten in any half second."""
    pace = RateLimiter(10, window_seconds=0.5)
    yield pace
    pace.close()


def departures(pace: RateLimiter, count: int, threads: int, stopped: threading.Event) -> list[float]:
    def leave(_: int) -> float:
        pace.wait(stopped)
        return time.monotonic()

    with ThreadPoolExecutor(threads) as pool:
        return sorted(pool.map(leave, range(count)))


def busiest(moments: list[float], window_seconds: float) -> int:
    """The most moments in any window."""
    return max(sum(start <= moment < start + window_seconds for moment in moments) for start in moments)


@pytest.mark.parametrize("threads", [1, 8])
def test_no_window_holds_more_than_the_limit(pace: RateLimiter, threads: int, stopped: threading.Event) -> None:
    assert busiest(departures(pace, 25, threads, stopped), 0.5) == 10


def test_it_is_as_fast_as_the_limit_allows(stopped: threading.Event) -> None:
    """Ten at once, and ten more as soon as the window is over. On a busy machine one of some tries must be as fast."""

    def is_fast() -> bool:
        pace = RateLimiter(10, window_seconds=0.5)
        left = departures(pace, 25, 8, stopped)
        pace.close()
        return left[9] - left[0] < 0.3 and left[24] - left[0] < 2 * 0.61 + 0.4

    assert any(is_fast() for _ in range(5))


def test_zero_is_no_limit(stopped: threading.Event) -> None:
    left = departures(RateLimiter(0), 1000, 8, stopped)
    assert left[-1] - left[0] < 1


def test_a_pause_is_for_everybody_and_the_longest_counts(stopped: threading.Event) -> None:
    pace = RateLimiter(0)
    began = time.monotonic()
    pace.pause(0.4)
    pace.pause(0.1)
    assert departures(pace, 8, 8, stopped)[0] - began >= 0.4


def test_a_pause_reaches_those_who_wait_already(pace: RateLimiter, stopped: threading.Event) -> None:
    departures(pace, 10, 1, stopped)
    began = time.monotonic()
    threading.Timer(0.2, pace.pause, [0.9]).start()
    assert departures(pace, 2, 2, stopped)[0] - began >= 1.1


def test_stopping_wakes_everybody_at_once(stopped: threading.Event) -> None:
    pace = RateLimiter(0)
    pace.pause(600)
    threading.Timer(0.1, stopped.set).start()
    began = time.monotonic()
    departures(pace, 8, 8, stopped)
    assert time.monotonic() - began < 1


def test_what_can_wait_leaves_only_at_once(stopped: threading.Event) -> None:
    pace = RateLimiter(1)
    assert pace.try_now()
    assert not pace.try_now()
    pace.close()
    pausing = RateLimiter(0)
    pausing.pause(600)
    assert not pausing.try_now()


def test_requests_of_another_process_count(pace: RateLimiter, stopped: threading.Event) -> None:
    """Nine left a moment ago, many more before: one may leave now, the next when the window of the nine is over."""
    pace.recall([*[5.0] * 20, *[0.1] * 9])
    began = time.monotonic()
    left = departures(pace, 2, 2, stopped)
    assert left[0] - began < 0.1
    assert left[1] - began >= 0.4


def test_without_a_limit_nothing_of_another_process_counts(stopped: threading.Event) -> None:
    pace = RateLimiter(0)
    pace.recall([0.1] * 9)
    assert pace.try_now()
