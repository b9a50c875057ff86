"""Progress of a fetch: a bar on a terminal, otherwise one line every few seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypedDict

from llm_stats.terminal import echo
from llm_stats.text import pluralize

if TYPE_CHECKING:
    from llm_stats.api.rate_limit import RateLimiter
    from llm_stats.schema.fetch import FetchResult

_SECONDS_BETWEEN_LINES = 5.0
_MINUTE_SECONDS = 60.0


class Progress(Protocol):
    """A display of the progress of one run."""

    def announce_wait(self, rate_limiter: RateLimiter) -> None:
        """Display how long the request for the catalog must wait for the rate limit.

        Display nothing if the request can be sent at once.
        """

    def show(
        self, results: Iterable[FetchResult], total: int, rate_limiter: RateLimiter
    ) -> Iterator[FetchResult]:
        """Yield the results and display their progress."""
        ...


class TextProgress:
    """Progress on standard error: a bar on a terminal, otherwise lines."""

    def announce_wait(self, rate_limiter: RateLimiter) -> None:
        if seconds := displayed_wait(rate_limiter):
            limit = pluralize(rate_limiter.requests, "request")
            echo(f"waiting {seconds} s for the rate limit of {limit} per minute", err=True)

    def show(
        self, results: Iterable[FetchResult], total: int, rate_limiter: RateLimiter
    ) -> Iterator[FetchResult]:
        counter = ProgressCounter(total, rate_limiter)
        if sys.stderr.isatty():
            return _progress_bar(results, counter)
        return progress_lines(results, counter, lambda counter: echo(str(counter), err=True))


def displayed_wait(rate_limiter: RateLimiter) -> int:
    """Return the seconds that the next request must wait; 0 if the wait is too short to display."""
    return round(rate_limiter.seconds_until_free())


def progress_lines(
    results: Iterable[FetchResult],
    counter: ProgressCounter,
    write: Callable[[ProgressCounter], None],
) -> Iterator[FetchResult]:
    """Yield the results, count them with `counter`, and call `write(counter)` every few seconds."""
    finished = threading.Event()

    def write_periodically() -> None:
        while not finished.wait(_SECONDS_BETWEEN_LINES):
            write(counter)

    # a separate thread, so that lines are also written while the rate limit delays all results
    reporter = threading.Thread(target=write_periodically, name="progress", daemon=True)
    reporter.start()
    try:
        for result in results:
            counter.add(result)
            yield result
    finally:
        finished.set()
        reporter.join()


def _progress_bar(
    results: Iterable[FetchResult], counter: ProgressCounter
) -> Iterator[FetchResult]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    # rich formats the counter at each refresh, also while the rate limit delays all results
    columns = (BarColumn(), TextColumn("{task.fields[counter]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=counter.total, counter=counter)
        for result in results:
            counter.add(result)
            progress.advance(task)
            yield result


class Counts(TypedDict):
    """Progress at one moment.

    `requests_per_minute` is the number of requests in the last minute. `seconds_left` is None
    if no result has arrived and there is no rate limit. `is_waiting` is true while requests wait
    for the rate limit.
    """

    loaded: int
    requested: int
    failed: int
    requests_per_minute: int
    seconds_left: int | None
    is_waiting: bool


class ProgressCounter:
    """Progress of a fetch so far.

    Its text form is `fetched 120 of 335, 2 failed, 48 requests/min, 4 min left`. While requests
    wait for the rate limit, it ends with `, waiting for the rate limit`.
    """

    def __init__(self, total: int, rate_limiter: RateLimiter) -> None:
        self.total = total
        self._rate_limiter = rate_limiter
        self._started = self._last_arrival = time.monotonic()
        self._done = self._loaded = self._failed = 0
        self._lock = threading.Lock()  # one thread adds results, another reads the counts
        #: Results of the last minute: monotonic arrival time and number of requests.
        self._arrivals: deque[tuple[float, int]] = deque()

    def add(self, result: FetchResult) -> None:
        """Count a result."""
        with self._lock:
            self._done += 1
            self._loaded += result.fetch.is_success
            self._failed += result.fetch.outcome in ("failed", "rejected", "not_found")
            self._last_arrival = time.monotonic()
            self._arrivals.append((self._last_arrival, result.fetch.attempts))

    def snapshot(self) -> Counts:
        """Return the fields of the `progress` event of `json_log`."""
        with self._lock:
            now = time.monotonic()
            while self._arrivals and self._arrivals[0][0] <= now - _MINUTE_SECONDS:
                self._arrivals.popleft()
            requests = sum(attempts for _, attempts in self._arrivals)
            return {
                "loaded": self._loaded,
                "requested": self.total,
                "failed": self._failed,
                "requests_per_minute": requests,
                "seconds_left": self._estimate_seconds_left(requests),
                "is_waiting": self._rate_limiter.is_waiting,
            }

    def _estimate_seconds_left(self, requests_last_minute: int) -> int | None:
        """Return an estimate of the seconds until the last result.

        The estimate does not grow between two results. It is None if no result has arrived and
        there is no rate limit.
        """
        remaining, limit = self.total - self._done, self._rate_limiter.requests
        if not self._done and not limit:
            return None
        seconds = (self._last_arrival - self._started) / max(self._done, 1) * remaining
        if limit:
            # requests within this minute's limit do not wait
            delayed = remaining - max(limit - requests_last_minute, 0)
            seconds = max(seconds, delayed / limit * _MINUTE_SECONDS)
            if self._rate_limiter.is_waiting:
                later_minutes = max(remaining / limit - 1, 0)
                wait = self._rate_limiter.seconds_until_free()
                seconds = max(seconds, wait + later_minutes * _MINUTE_SECONDS)
        return round(seconds)

    def __str__(self) -> str:
        counts = self.snapshot()
        text = (
            f"fetched {counts['loaded']} of {counts['requested']}, {counts['failed']} failed, "
            f"{counts['requests_per_minute']} requests/min"
        )
        if (seconds := counts["seconds_left"]) is not None:
            text += f", {_format_duration(seconds)} left"
        return text + (", waiting for the rate limit" if counts["is_waiting"] else "")


def _format_duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"
