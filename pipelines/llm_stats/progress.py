"""How far a fetch is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from llm_stats.client import Answer
from llm_stats.terminal import say

_SECONDS_BETWEEN_LINES = 5.0


def shown(answers: Iterable[Answer], total: int) -> Iterator[Answer]:
    """The same answers; what has passed is shown on standard error."""
    return _bar(answers, total) if sys.stderr.isatty() else in_lines(answers, total, lambda tally: say(str(tally), err=True))


def in_lines(answers: Iterable[Answer], total: int, write: Callable[[Tally], None]) -> Iterator[Answer]:
    """The same answers; every few seconds what has passed is written."""
    tally = Tally(total)
    over = threading.Event()

    def speak() -> None:
        while not over.wait(_SECONDS_BETWEEN_LINES):
            write(tally)

    speaker = threading.Thread(target=speak, name="progress", daemon=True)  # by the clock: in a pause nothing arrives
    speaker.start()
    try:
        for answer in answers:
            tally.add(answer)
            yield answer
    finally:
        over.set()
        speaker.join()


def _bar(answers: Iterable[Answer], total: int) -> Iterator[Answer]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    tally = Tally(total)
    with Progress(BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(str(tally), total=total)
        for answer in answers:
            tally.add(answer)
            progress.update(task, advance=1, description=str(tally))
            yield answer


class Tally:
    """What has passed so far: `fetched 120 of 335, 2 failed, 48 requests/min, 4 min left`."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.monotonic()
        self._done = self._loaded = self._failed = self._requests = 0

    def add(self, answer: Answer) -> None:
        self._done += 1
        self._loaded += answer.row is not None
        self._failed += answer.fetch.outcome in ("failed", "rejected", "not_found")
        self._requests += answer.fetch.attempts

    def facts(self) -> dict[str, int]:
        seconds = max(time.monotonic() - self._started, 0.001)
        return {
            "loaded": self._loaded,
            "asked": self._total,
            "failed": self._failed,
            "requests_per_minute": round(self._requests / seconds * 60),
            "seconds_left": round(seconds / max(self._done, 1) * (self._total - self._done)),
        }

    def __str__(self) -> str:
        facts = self.facts()
        return (
            f"fetched {facts['loaded']} of {facts['asked']}, {facts['failed']} failed, "
            f"{facts['requests_per_minute']} requests/min, {_span(facts['seconds_left'])} left"
        )


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"
