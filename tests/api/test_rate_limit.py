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
def rate_limiter() -> Iterator[RateLimiter]:
    """Ten in any half second."""
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
    """The most moments in any window."""
    return max(
        sum(start <= moment < start + window_seconds for moment in moments) for start in moments
    )


@pytest.mark.parametrize("threads", [1, 8])
def test_no_window_holds_more_than_the_limit(
    rate_limiter: RateLimiter, threads: int, stopped: threading.Event
) -> None:
    assert busiest(departures(rate_limiter, 25, threads, stopped), 0.5) == 10


def test_it_is_as_fast_as_the_limit_allows(stopped: threading.Event) -> None:
    """Ten at once, and ten more as soon as the window is over. On a busy machine one of some tries must be as fast."""

    def is_fast() -> bool:
        rate_limiter = RateLimiter(10, window_seconds=0.5)
        left = departures(rate_limiter, 25, 8, stopped)
        rate_limiter.close()
        return left[9] - left[0] < 0.3 and left[24] - left[0] < 2 * 0.61 + 0.4

    assert any(is_fast() for _ in range(5))


def test_zero_is_no_limit(stopped: threading.Event) -> None:
    left = departures(RateLimiter(0), 1000, 8, stopped)
    assert left[-1] - left[0] < 1


def test_a_pause_is_for_everybody_and_the_longest_counts(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(0)
    began = time.monotonic()
    rate_limiter.pause(0.4)
    rate_limiter.pause(0.1)
    assert departures(rate_limiter, 8, 8, stopped)[0] - began >= 0.4


def test_a_pause_reaches_those_who_wait_already(
    rate_limiter: RateLimiter, stopped: threading.Event
) -> None:
    departures(rate_limiter, 10, 1, stopped)
    began = time.monotonic()
    threading.Timer(0.2, rate_limiter.pause, [0.9]).start()
    assert departures(rate_limiter, 2, 2, stopped)[0] - began >= 1.1


def test_stopping_wakes_everybody_at_once(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(0)
    rate_limiter.pause(600)
    threading.Timer(0.1, stopped.set).start()
    began = time.monotonic()
    departures(rate_limiter, 8, 8, stopped)
    assert time.monotonic() - began < 1


def test_what_can_wait_leaves_only_at_once(stopped: threading.Event) -> None:
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
    """Nine left a moment ago, many more before: one may leave now, the next when the window of the nine is over."""
    rate_limiter.restore([*[5.0] * 20, *[0.1] * 9])
    began = time.monotonic()
    left = departures(rate_limiter, 2, 2, stopped)
    assert left[0] - began < 0.1
    assert left[1] - began >= 0.4


def test_without_a_limit_nothing_of_another_process_counts(stopped: threading.Event) -> None:
    rate_limiter = RateLimiter(0)
    rate_limiter.restore([0.1] * 9)
    assert rate_limiter.try_acquire()
