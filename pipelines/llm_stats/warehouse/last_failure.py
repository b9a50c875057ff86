"""Error of the last run, if it failed, in a file that `llm-stats status` reads.

.llm_stats/last_failure.json    {"at": "2026-11-23T05:15:00+00:00", "exit_code": 3, "message": "…"}
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from llm_stats.errors import Interrupted, LlmStatsError, QuotaSpent
from llm_stats.files import atomic_write

#: Exit codes of runs that neither succeeded nor failed: Ctrl-C, and a quota that was spent.
_NEITHER = (130, QuotaSpent.exit_code)


@dataclass(frozen=True)
class LastFailure:
    """A failed run: the time (ISO 8601, UTC), the exit code and the error message."""

    at: str
    exit_code: int
    message: str


@contextlib.contextmanager
def record(file: Path) -> Iterator[None]:
    """Store an error of the block in `file`; delete the file if there is no error.

    `OSError` is ignored, because the run itself does not need the file.
    """
    try:
        yield
    except (LlmStatsError, Interrupted) as error:
        if error.exit_code not in _NEITHER:
            _write(file, error.exit_code, str(error))
        raise
    except Exception as error:
        _write(file, LlmStatsError.exit_code, f"{type(error).__name__}: {error}")
        raise
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)


def read(file: Path) -> LastFailure | None:
    """Return the failure of the last run; None if there is none or the file is unreadable."""
    try:
        failure = LastFailure(**json.loads(file.read_text("utf-8")))
        dt.datetime.fromisoformat(failure.at)
    except (OSError, ValueError, TypeError):
        return None
    return failure


def _write(file: Path, exit_code: int, message: str) -> None:
    failure = LastFailure(dt.datetime.now(dt.UTC).isoformat(), exit_code, message)
    with contextlib.suppress(OSError):
        atomic_write(file, json.dumps(asdict(failure)))
