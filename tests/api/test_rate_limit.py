"""Rate limiter shared by threads: the limit in any window, and pauses."""

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
def rate_limiter() -> Iterator[RateLimiter]:
    """Yield a limiter of ten requests in any half second."""
    rate_limiter = RateLimiter(10, window_seconds=0.5)
    yield rate_limiter
    rate_limiter.close()


def departures(
    rate_limiter: RateLimiter, count: int, threads: int, stopped: threading.Event
) -> list[float]:
    def leave(_: int) -> float:
        rate_limiter.wait(stopped)
        return time.monotonic()

    with ThreadPoolExecutor(threads) as pool:
        return sorted(pool.map(leave, range(count)))


def busiest(moments: list[float], window_seconds: float) -> int:
    """Return the largest number of times in any window."""
    return max(
        sum(start <= moment < start + window_seconds for moment in moments) for start in moments
    )


@pytest.mark.parametrize("threads", [1, 8])
def test_no_window_exceeds_the_limit(
    rate_limiter: RateLimiter, threads: int, stopped: threading.Event
) -> None:
    assert busiest(departures(rate_limiter, 25, threads, stopped), 0.5) == 10


def test_requests_are_as_fast_as_the_limit_allows(stopped: threading.Event) -> None:
    """Ten requests at once, and ten more when the window is over.

    On a busy machine, one of several attempts must be as fast.
    """

    def is_fast() -> bool:
        rate_limiter = RateLimiter(10, window_seconds=0.5)
        left = departures(rate_limiter, 25, 8, stopped)
        rate_limiter.close()
        return left[9] - left[0] < 0.3 and left[24] - left[0] < 2 * 0.61 + 0.4

    assert any(is_fast() for _ in range(5))


def test_zero_is_no_limit(stopped: threading.Event) -> None:
    left = departures(RateLimiter(0), 1000, 8, stopped)
    assert left[-1] - left[0] < 1


def test_pause_applies_to_all_threads_and_the_longest_counts(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(0)
    began = time.monotonic()
    rate_limiter.pause(0.4)
    rate_limiter.pause(0.1)
    assert departures(rate_limiter, 8, 8, stopped)[0] - began >= 0.4


def test_pause_applies_to_waiting_threads(
    rate_limiter: RateLimiter, stopped: threading.Event
) -> None:
    departures(rate_limiter, 10, 1, stopped)
    began = time.monotonic()
    threading.Timer(0.2, rate_limiter.pause, [0.9]).start()
    assert departures(rate_limiter, 2, 2, stopped)[0] - began >= 1.1


def test_stop_wakes_all_threads_at_once(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(0)
    rate_limiter.pause(600)
    threading.Timer(0.1, stopped.set).start()
    began = time.monotonic()
    departures(rate_limiter, 8, 8, stopped)
    assert time.monotonic() - began < 1


def test_try_acquire_does_not_wait(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(1)
    assert rate_limiter.try_acquire()
    assert not rate_limiter.try_acquire()
    rate_limiter.close()
    pausing = RateLimiter(0)
    pausing.pause(600)
    assert not pausing.try_acquire()


def test_requests_of_another_process_count(
    rate_limiter: RateLimiter, stopped: threading.Event
) -> None:
    """Nine were sent just now, many more before.

    One may be sent now, the next when the window of the nine is over.
    """
    rate_limiter.restore([*[5.0] * 20, *[0.1] * 9])
    began = time.monotonic()
    left = departures(rate_limiter, 2, 2, stopped)
    assert left[0] - began < 0.1
    assert left[1] - began >= 0.4


def test_without_a_limit_restored_requests_do_not_count(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(0)
    rate_limiter.restore([0.1] * 9)
    assert rate_limiter.try_acquire()
