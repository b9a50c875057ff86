"""How far a fetch is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from llm_stats.schema.fetch import FetchResult
from llm_stats.terminal import echo

_SECONDS_BETWEEN_LINES = 5.0
_MINUTE = 60.0


def show_progress(
    answers: Iterable[FetchResult], total: int, requests_per_minute: int = 0
) -> Iterator[FetchResult]:
    """The same answers; what has passed is shown on standard error."""
    tally = ProgressCounter(total, requests_per_minute)
    return (
        _progress_bar(answers, tally)
        if sys.stderr.isatty()
        else progress_lines(answers, tally, lambda tally: echo(str(tally), err=True))
    )


def progress_lines(
    answers: Iterable[FetchResult], tally: ProgressCounter, write: Callable[[ProgressCounter], None]
) -> Iterator[FetchResult]:
    """The same answers; every few seconds what has passed is written."""
    over = threading.Event()

    def speak() -> None:
        while not over.wait(_SECONDS_BETWEEN_LINES):
            write(tally)

    speaker = threading.Thread(
        target=speak, name="progress", daemon=True
    )  # by the clock: in a pause nothing arrives
    speaker.start()
    try:
        for answer in answers:
            tally.add(answer)
            yield answer
    finally:
        over.set()
        speaker.join()


def _progress_bar(answers: Iterable[FetchResult], tally: ProgressCounter) -> Iterator[FetchResult]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[tally]}"),
    )  # made text at each refresh: in a pause nothing arrives
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=tally.total, tally=tally)
        for answer in answers:
            tally.add(answer)
            progress.advance(task)
            yield answer


class ProgressCounter:
    """What has passed so far: `fetched 120 of 335, 2 failed, 48 requests/min, 4 min left`."""

    def __init__(self, total: int, requests_per_minute: int = 0) -> None:
        """`requests_per_minute` is the pace; 0 if there is none."""
        self.total = total
        self._requests_per_minute = requests_per_minute
        self._started = time.monotonic()
        self._done = self._loaded = self._failed = 0
        self._lock = threading.Lock()  # one thread adds, another tells
        self._arrivals: deque[tuple[float, int]] = (
            deque()
        )  # of the last minute: when, after how many requests

    def add(self, answer: FetchResult) -> None:
        with self._lock:
            self._done += 1
            self._loaded += answer.row is not None
            self._failed += answer.fetch.outcome in ("failed", "rejected", "not_found")
            self._arrivals.append((time.monotonic(), answer.fetch.attempts))

    def snapshot(self) -> dict[str, int]:
        with self._lock:
            now = time.monotonic()
            while self._arrivals and self._arrivals[0][0] <= now - _MINUTE:
                self._arrivals.popleft()
            requests = sum(attempts for _, attempts in self._arrivals)
            to_go = self.total - self._done
            seconds = (now - self._started) / max(self._done, 1) * to_go
            if (
                self._requests_per_minute
            ):  # what this minute still allows goes at once, the rest at the pace
                beyond = to_go - max(self._requests_per_minute - requests, 0)
                seconds = max(seconds, beyond / self._requests_per_minute * _MINUTE)
            return {
                "loaded": self._loaded,
                "requested": self.total,
                "failed": self._failed,
                "requests_per_minute": requests,
                "seconds_left": round(seconds),
            }

    def __str__(self) -> str:
        snapshot = self.snapshot()
        return (
            f"fetched {snapshot['loaded']} of {snapshot['requested']}, {snapshot['failed']} failed, "
            f"{snapshot['requests_per_minute']} requests/min, {_format_span(snapshot['seconds_left'])} left"
        )


def _format_span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"
