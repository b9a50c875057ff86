"""Rate limiter on a fake clock: all threads share the limit and the pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from llm_stats.api.rate_limit import RateLimiter
from support.fake_clock import ClockedRateLimiter

#: Seconds that a thread sleeps before it checks the limit again.
STEP_SECONDS = 0.02


@pytest.fixture
def stopped() -> threading.Event:
    return threading.Event()


@pytest.fixture
def limiter_of() -> Iterator[Callable[..., ClockedRateLimiter]]:
    """Yield a function that creates a rate limiter; close the rate limiters after the test."""
    created = []

    def create(requests: int, window_seconds: float = 60.0) -> ClockedRateLimiter:
        created.append(ClockedRateLimiter(requests, window_seconds))
        return created[-1]

    yield create
    for limiter in created:
        limiter.close()


@pytest.fixture
def limiter(limiter_of: Callable[..., ClockedRateLimiter]) -> ClockedRateLimiter:
    """Return a rate limiter that allows ten requests in any half second."""
    return limiter_of(10, window_seconds=0.5)


def send(
    limiter: ClockedRateLimiter, count: int, stopped: threading.Event, threads: int = 8
) -> list[float]:
    """Send `count` requests in several threads; return the times of sending, in seconds."""
    sent_before = len(limiter.sent_at)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(limiter.wait, [stopped] * count))
    return limiter.sent_at[sent_before:]


@pytest.mark.parametrize("threads", [1, 8])
def test_limit_is_reached_but_not_exceeded_in_any_window(
    limiter: ClockedRateLimiter, stopped: threading.Event, threads: int
) -> None:
    times = send(limiter, 25, stopped, threads)
    assert max(sum(start <= at < start + 0.5 for at in times) for start in times) == 10


def test_requests_above_the_limit_are_sent_when_the_window_ends(
    limiter: ClockedRateLimiter, stopped: threading.Event
) -> None:
    times = send(limiter, 25, stopped)
    assert limiter.window_seconds == pytest.approx(0.61)
    assert times[:10] == [0.0] * 10
    assert 0.61 <= times[10] == times[19] <= 0.61 + 2 * STEP_SECONDS
    assert 2 * 0.61 <= times[20] == times[24] <= 2 * (0.61 + 2 * STEP_SECONDS)


def test_limit_of_zero_never_waits(
    limiter_of: Callable[..., ClockedRateLimiter], stopped: threading.Event
) -> None:
    assert set(send(limiter_of(0), 1000, stopped)) == {0.0}


def test_longer_of_two_pauses_delays_all_threads(
    limiter_of: Callable[..., ClockedRateLimiter], stopped: threading.Event
) -> None:
    limiter = limiter_of(0)
    limiter.pause(0.4)
    limiter.pause(0.1)
    assert send(limiter, 8, stopped) == [pytest.approx(0.4)] * 8


def test_pause_delays_threads_that_are_already_waiting(
    limiter: ClockedRateLimiter, stopped: threading.Event
) -> None:
    send(limiter, 10, stopped)
    limiter.clock.at(0.2, lambda: limiter.pause(0.9))
    assert min(send(limiter, 2, stopped)) == pytest.approx(1.1)


def test_stop_event_ends_all_waits_without_sending(
    limiter_of: Callable[..., ClockedRateLimiter], stopped: threading.Event
) -> None:
    limiter = limiter_of(0)
    limiter.pause(600)
    limiter.clock.at(0.1, stopped.set)
    assert send(limiter, 8, stopped) == []
    assert limiter.clock.now == 0.1


def test_stop_event_wakes_a_thread_on_the_real_clock(stopped: threading.Event) -> None:
    limiter = RateLimiter(0)
    limiter.pause(600)
    threading.Timer(0.05, stopped.set).start()
    limiter.wait(stopped)
    assert not limiter.try_acquire()


def test_try_acquire_at_the_limit_or_during_a_pause_is_false(
    limiter_of: Callable[..., ClockedRateLimiter],
) -> None:
    full = limiter_of(1)
    assert full.try_acquire()
    assert not full.try_acquire()
    paused = limiter_of(0)
    paused.pause(600)
    assert not paused.try_acquire()


def test_requests_of_another_process_count_while_they_are_in_the_window(
    limiter: ClockedRateLimiter, stopped: threading.Event
) -> None:
    """Another process sent 20 requests 5 s ago and nine requests 0.1 s ago.

    Only the nine are in the window. Of the ten allowed requests, one is left for this process.
    """
    limiter.restore([*[5.0] * 20, *[0.1] * 9])
    first, second = send(limiter, 2, stopped)
    assert first == 0.0
    assert second == pytest.approx(0.51, abs=2 * STEP_SECONDS)


def test_requests_of_another_process_without_a_limit_do_not_count(
    limiter_of: Callable[..., ClockedRateLimiter],
) -> None:
    limiter = limiter_of(0)
    limiter.restore([0.1] * 9)
    assert limiter.try_acquire()


def test_waiting_threads_and_the_time_until_the_next_request_are_known(
    limiter_of: Callable[..., ClockedRateLimiter], stopped: threading.Event
) -> None:
    limiter = limiter_of(2, window_seconds=60)
    assert limiter.seconds_until_free() == 0
    limiter.restore([50, 10])
    waiting = []
    limiter.clock.at(1, lambda: waiting.append(limiter.is_waiting))
    assert limiter.seconds_until_free() == pytest.approx(limiter.window_seconds - 50)
    limiter.wait(stopped)
    assert (waiting, limiter.is_waiting) == ([True], False)
    limiter.pause(100)
    assert limiter.seconds_until_free() == pytest.approx(100)
