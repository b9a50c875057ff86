"""A clock for the rate limiter that moves only when something waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

from llm_stats.api.rate_limit import RateLimiter


class FakeClock:
    """A clock that begins at 0 seconds; `sleep` moves it instead of waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self._scheduled: list[tuple[float, Callable[[], object]]] = []

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Call the action while something sleeps past that time."""
        self._scheduled.append((seconds, action))

    def sleep(self, stopped: threading.Event, seconds: float) -> None:
        """Move on by so many seconds, or until the event is set."""
        end = self.now + seconds
        for due in sorted(entry for entry in self._scheduled if entry[0] <= end):
            self._scheduled.remove(due)
            self.now = due[0]
            due[1]()
            if stopped.is_set():
                return
        self.now = end


class ClockedRateLimiter(RateLimiter):
    """A rate limiter on a fake clock, which keeps the times at which requests were allowed."""

    def __init__(self, requests: int, window_seconds: float = 60.0) -> None:
        self.clock = FakeClock()
        self.sent_at: list[float] = []
        super().__init__(
            requests, window_seconds, clock=lambda: self.clock.now, sleep=self.clock.sleep
        )

    def try_acquire(self) -> bool:
        """Return True and note the time if a request may be sent now."""
        is_acquired = super().try_acquire()
        if is_acquired:
            self.sent_at.append(self.clock.now)
        return is_acquired
