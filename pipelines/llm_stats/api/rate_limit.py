"""One pace for all threads: so many requests a minute, and a pause for everybody when the server asks for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from pyrate_limiter import InMemoryBucket, Limiter, Rate, RateItem

_WINDOW_STRETCH = 1.02
_JITTER_SECONDS = 0.1


class RateLimiter:
    """Lets through at most `requests` in any window of `window_seconds`; 0 means no limit.

    The window is a little longer than asked for: requests are spaced as they leave, the server counts them as they arrive.
    """

    def __init__(self, requests: int, window_seconds: float = 60.0) -> None:
        self.window_seconds = window_seconds * _WINDOW_STRETCH + _JITTER_SECONDS
        self._bucket = (
            InMemoryBucket([Rate(requests, int(self.window_seconds * 1000))]) if requests else None
        )
        self._limiter = Limiter(self._bucket) if self._bucket is not None else None
        self._resume_at = 0.0
        self._pausing = threading.Lock()
        self._next = (
            threading.Lock()
        )  # one thread waits for the limiter, the others for that thread

    def restore(self, ages_seconds: Iterable[float]) -> None:
        """Counts requests that left so long ago, in another process, the oldest first."""
        if self._bucket is not None:
            now = time.monotonic_ns() // 1_000_000  # the limiter's clock
            for age_seconds in ages_seconds:
                self._bucket.put(RateItem("earlier", now - int(age_seconds * 1000)))

    def pause(self, seconds: float) -> None:
        """Nobody goes on for so long; the longest pause asked for counts."""
        with self._pausing:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def wait(self, stopped: threading.Event) -> None:
        """Returns when the next request may leave, or at once when `stopped` is set."""
        with self._next:
            while not (stopped.is_set() or self.try_acquire()):
                stopped.wait(min(max(self._resume_at - time.monotonic(), 0.02), 1.0))

    def try_acquire(self) -> bool:
        """True if a request may leave at once; it is then counted."""
        if time.monotonic() < self._resume_at:
            return False
        return self._limiter is None or bool(self._limiter.try_acquire(blocking=False))

    def close(self) -> None:
        """Ends the limiter's housekeeping thread."""
        if self._limiter:
            self._limiter.close()
