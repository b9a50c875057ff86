"""Fake clock for the rate limiter: it advances only when a thread sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable

from llm_stats.api.rate_limit import RateLimiter

#: Time at which a wait counts as endless; no test waits so long.
_LAST_SECOND = 1_000


class FakeClock:
    """Clock that starts at 0 seconds; `sleep` advances it without waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self._scheduled: list[tuple[float, Callable[[], object]]] = []

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Schedule `action` to run when a sleep advances the clock to `seconds` or beyond."""
        self._scheduled.append((seconds, action))

    def sleep(self, stopped: threading.Event, seconds: float) -> None:
        """Advance by `seconds` and run the scheduled actions that become due.

        If an action sets `stopped`, return at once; the clock stays at the time of that action.
        Raises `AssertionError` for an endless wait, because the test would hang.
        """
        assert self.now < _LAST_SECOND, "the rate limiter waits without end"
        end = round(self.now + seconds, 6)  # otherwise thousands of sleeps add a rounding error
        for due in sorted(entry for entry in self._scheduled if entry[0] <= end):
            self._scheduled.remove(due)
            self.now = due[0]
            due[1]()
            if stopped.is_set():
                return
        self.now = end


class ClockedRateLimiter(RateLimiter):
    """Rate limiter on a fake clock; `sent_at` lists the times at which it allowed requests."""

    def __init__(self, requests: int, window_seconds: float = 60.0) -> None:
        self.clock = FakeClock()
        self.sent_at: list[float] = []
        super().__init__(
            requests, window_seconds, clock=lambda: self.clock.now, sleep=self.clock.sleep
        )

    def try_acquire(self) -> bool:
        """Return whether a request may be sent now; if so, append the time to `sent_at`."""
        is_acquired = super().try_acquire()
        if is_acquired:
            self.sent_at.append(self.clock.now)
        return is_acquired
