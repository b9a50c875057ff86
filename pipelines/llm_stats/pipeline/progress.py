"""Progress of a fetch: a bar on a terminal, otherwise one line every few seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from llm_stats.schema.fetch import FetchResult
from llm_stats.terminal import echo

_SECONDS_BETWEEN_LINES = 5.0
_MINUTE_SECONDS = 60.0


def show_progress(
    results: Iterable[FetchResult], total: int, requests_per_minute: int = 0
) -> Iterator[FetchResult]:
    """Yield the results; show their progress on standard error."""
    counter = ProgressCounter(total, requests_per_minute)
    if sys.stderr.isatty():
        return _progress_bar(results, counter)
    return progress_lines(results, counter, lambda counter: echo(str(counter), err=True))


def progress_lines(
    results: Iterable[FetchResult],
    counter: ProgressCounter,
    write: Callable[[ProgressCounter], None],
) -> Iterator[FetchResult]:
    """Yield the results; call `write` with the counter every few seconds."""
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


class ProgressCounter:
    """Progress of a fetch so far.

    Its text form is `fetched 120 of 335, 2 failed, 48 requests/min, 4 min left`.
    """

    def __init__(self, total: int, requests_per_minute: int = 0) -> None:
        """`requests_per_minute` is the rate limit; 0 means no limit."""
        self.total = total
        self._requests_per_minute = requests_per_minute
        self._started = time.monotonic()
        self._done = self._loaded = self._failed = 0
        self._lock = threading.Lock()  # one thread adds results, another reads the counts
        #: Results of the last minute: monotonic arrival time and number of requests.
        self._arrivals: deque[tuple[float, int]] = deque()

    def add(self, result: FetchResult) -> None:
        """Count a result."""
        with self._lock:
            self._done += 1
            self._loaded += result.row is not None
            self._failed += result.fetch.outcome in ("failed", "rejected", "not_found")
            self._arrivals.append((time.monotonic(), result.fetch.attempts))

    def snapshot(self) -> dict[str, int]:
        """Return the fields of the `progress` event (see `json_log`)."""
        with self._lock:
            now = time.monotonic()
            while self._arrivals and self._arrivals[0][0] <= now - _MINUTE_SECONDS:
                self._arrivals.popleft()
            requests = sum(attempts for _, attempts in self._arrivals)
            remaining = self.total - self._done
            seconds = (now - self._started) / max(self._done, 1) * remaining
            if self._requests_per_minute:
                # the rate limit delays only requests beyond those still allowed in this minute
                delayed = remaining - max(self._requests_per_minute - requests, 0)
                seconds = max(seconds, delayed / self._requests_per_minute * _MINUTE_SECONDS)
            return {
                "loaded": self._loaded,
                "requested": self.total,
                "failed": self._failed,
                "requests_per_minute": requests,
                "seconds_left": round(seconds),
            }

    def __str__(self) -> str:
        counts = self.snapshot()
        return (
            f"fetched {counts['loaded']} of {counts['requested']}, {counts['failed']} failed, "
            f"{counts['requests_per_minute']} requests/min, "
            f"{_format_duration(counts['seconds_left'])} left"
        )


def _format_duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"
