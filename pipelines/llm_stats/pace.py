"""One pace for all threads: so many requests a minute, and a pause for everybody when the server asks for one."""

from __future__ import annotations

import threading
import time

from pyrate_limiter import InMemoryBucket, Limiter, Rate


class Pace:
    """Lets through at most `requests` in any window of `window_seconds`; 0 means no limit.

    The window is 2 % longer than asked for: requests are spaced as they leave, the server counts them as they arrive.
    """

    def __init__(self, requests: int, window_seconds: float = 60.0) -> None:
        self._limiter = Limiter(InMemoryBucket([Rate(requests, int(window_seconds * 1020))])) if requests else None
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Nobody goes on for so long; the longest pause asked for counts."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def wait(self, stopped: threading.Event) -> None:
        """Returns when the next request may leave, or at once when `stopped` is set."""
        while not stopped.is_set():
            if (pause := self._resume_at - time.monotonic()) > 0:
                stopped.wait(min(pause, 1.0))
            elif self._limiter is None or self._limiter.try_acquire(blocking=False):
                return
            else:
                stopped.wait(0.02)

    def close(self) -> None:
        """Ends the limiter's housekeeping thread."""
        if self._limiter:
            self._limiter.close()
