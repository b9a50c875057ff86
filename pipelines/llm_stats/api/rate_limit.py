"""Rate limiter shared by all threads: requests per window, and pauses requested by the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from pyrate_limiter import InMemoryBucket, Limiter, Rate, RateItem

_WINDOW_STRETCH = 1.02
_JITTER_SECONDS = 0.1


class _Bucket(InMemoryBucket):
    """Store of the times of recent requests, measured with the rate limiter's clock."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        super().__init__([rate])
        self._read_clock = clock

    def now(self) -> int:
        return int(self._read_clock() * 1000)


class RateLimiter:
    """A limit of `requests` in any window of `window_seconds`; no limit if `requests` is 0.

    The limiter counts a request when it is sent, but the server counts it when it arrives. Two
    requests can arrive closer together than they were sent. The limiter therefore uses a window
    that is slightly longer than `window_seconds`.

    `is_waiting` is set while a thread waits for the limit or for a pause. `clock` returns seconds;
    `sleep(event, seconds)` waits for a number of seconds, or until the event is set.
    """

    def __init__(
        self,
        requests: int,
        window_seconds: float = 60.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        self.requests = requests
        self.is_waiting = False
        self.window_seconds = window_seconds * _WINDOW_STRETCH + _JITTER_SECONDS
        self._clock, self._sleep = clock, sleep
        rate = Rate(requests, int(self.window_seconds * 1000)) if requests else None
        self._bucket = _Bucket(rate, clock) if rate else None
        self._limiter = Limiter(self._bucket) if self._bucket is not None else None
        self._resume_at = 0.0
        self._pause_lock = threading.Lock()
        #: Lock held by the one thread that polls the limiter; other threads wait for the lock.
        self._turn = threading.Lock()

    def restore(self, ages_seconds: Iterable[float]) -> None:
        """Count the requests of earlier runs, given their ages in seconds, oldest first."""
        if self._bucket is not None:
            now = self._bucket.now()
            for age_seconds in ages_seconds:
                self._bucket.put(RateItem("earlier", now - int(age_seconds * 1000)))

    def pause(self, seconds: float) -> None:
        """Pause all threads for `seconds`; do not shorten a pause that is already active."""
        with self._pause_lock:
            self._resume_at = max(self._resume_at, self._clock() + seconds)

    def wait(self, stopped: threading.Event) -> None:
        """Wait until the next request may be sent, or until `stopped` is set."""
        with self._turn:
            while not (stopped.is_set() or self.try_acquire()):
                self.is_waiting = True
                seconds = min(max(self._resume_at - self._clock(), 0.02), 1.0)
                self._sleep(stopped, seconds)
            self.is_waiting = False

    def seconds_until_free(self) -> float:
        """Return the seconds until the next request may be sent; 0 if it may be sent now."""
        free_at = self._resume_at
        if self._bucket is not None and (oldest := self._bucket.peek(self.requests - 1)):
            free_at = max(free_at, oldest.timestamp / 1000 + self.window_seconds)
        return max(0.0, free_at - self._clock())

    def try_acquire(self) -> bool:
        """Return whether a request may be sent now; if so, count it as sent."""
        if self._clock() < self._resume_at:
            return False
        return self._limiter is None or bool(self._limiter.try_acquire(blocking=False))

    def close(self) -> None:
        """Stop the limiter's housekeeping thread."""
        if self._limiter:
            self._limiter.close()
