"""How far a fetch is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator

from llm_stats.client import Answer

_SECONDS_BETWEEN_LINES = 5.0


def shown(answers: Iterable[Answer], total: int) -> Iterator[Answer]:
    """The same answers; what has passed is shown on standard error."""
    return _bar(answers, total) if sys.stderr.isatty() else _lines(answers, total)


def _lines(answers: Iterable[Answer], total: int) -> Iterator[Answer]:
    tally = _Tally(total)
    over = threading.Event()

    def say() -> None:
        while not over.wait(_SECONDS_BETWEEN_LINES):
            print(tally, file=sys.stderr, flush=True)

    speaker = threading.Thread(target=say, name="progress", daemon=True)  # by the clock: in a pause nothing arrives
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

    tally = _Tally(total)
    with Progress(BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(str(tally), total=total)
        for answer in answers:
            tally.add(answer)
            progress.update(task, advance=1, description=str(tally))
            yield answer


class _Tally:
    """`fetched 120 of 335, 2 failed, 48 requests/min, 4 min left`."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.monotonic()
        self._done = self._loaded = self._failed = self._requests = 0

    def add(self, answer: Answer) -> None:
        self._done += 1
        self._loaded += answer.row is not None
        self._failed += answer.fetch.outcome in ("failed", "rejected", "not_found")
        self._requests += answer.fetch.attempts

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self._started, 0.001)
        left = seconds / max(self._done, 1) * (self._total - self._done)
        return (
            f"fetched {self._loaded} of {self._total}, {self._failed} failed, "
            f"{self._requests / seconds * 60:.0f} requests/min, {_span(left)} left"
        )


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
