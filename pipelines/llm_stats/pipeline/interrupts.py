"""Signals that end a run: Ctrl-C; in the `llm-stats` command also SIGTERM and SIGHUP."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from llm_stats.errors import Interrupted

#: The last signal that ended a run. The exception cannot carry the signal number, because DuckDB
#: replaces exceptions that are raised during a query.
_last_signal = signal.SIGINT


@contextmanager
def termination_interrupts() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt the block like Ctrl-C, so that the run is still reported.

    Schedulers send SIGTERM at a time limit. Terminals send SIGHUP when they are closed. A signal
    that the process ignores, such as SIGHUP under `nohup`, stays ignored. Raises `Interrupted`.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    replaced: dict[signal.Signals, Any] = {
        number: signal.signal(number, _interrupt)
        for number in numbers
        if signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        yield
    except KeyboardInterrupt as error:
        if isinstance(error, Interrupted):
            raise
        raise interrupted("`llm-stats status` shows whether a run was published") from None
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


def is_interrupt(error: BaseException) -> bool:
    """Return whether a signal caused the error.

    During a query, DuckDB raises an error with the text "Query interrupted". Other libraries may
    raise their own errors, whose `__context__` is the `KeyboardInterrupt`.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt) or "Query interrupted" in str(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def interrupted(outcome: str) -> Interrupted:
    """Return the error for a run that a signal ended; the error message ends with `outcome`."""
    origin = "" if _last_signal == signal.SIGINT else f" by {_last_signal.name}"
    return Interrupted(f"interrupted{origin}; {outcome}", 128 + _last_signal)


def _interrupt(number: int, _: FrameType | None) -> None:
    global _last_signal
    _last_signal = signal.Signals(number)
    raise KeyboardInterrupt
