"""Lock that allows one run of a warehouse at a time, and the error of the last failed run.

.llm_stats/lock                 the lock; the operating system releases it when the process ends
.llm_stats/holder.json          {"pid": 123, "user": "ann", "host": "batch-1", "since": "…"}
.llm_stats/last_failure.json    {"at": "2026-11-23T05:15:00+00:00", "exit_code": 3, "message": "…"}
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llm_stats.errors import Interrupted, LlmStatsError, Locked, QuotaSpent, UsageError
from llm_stats.files import atomic_write, hold_lock

#: Name of the lock file.
LOCK = "lock"
#: Exit codes of runs that neither succeeded nor failed: Ctrl-C, and a quota that was spent.
_NEITHER = (130, QuotaSpent.exit_code)


@contextlib.contextmanager
def lock(folder: Path, database: Path | str) -> Iterator[None]:
    """Hold the lock in a folder.

    Raises `Locked`, which names the holder, if another process holds the lock. Raises `UsageError`
    if the lock file cannot be opened, or if the file system does not support locks.
    """
    holder = folder / "holder.json"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(folder / LOCK))
        except BlockingIOError:
            raise Locked(
                f"{database}: another run holds the lock ({_describe_holder(holder)}); "
                "wait for it, or stop it"
            ) from None
        except OSError as error:
            raise UsageError(
                f"{database}: {folder / LOCK} cannot be locked: {error.strerror}; make the file "
                "writable, or use a file system with file locks"
            ) from None
        _write_holder(holder)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                holder.unlink()


def _write_holder(path: Path) -> None:
    """Write the holder of the lock, for messages.

    Errors are ignored, because the lock works without this file.
    """
    holder = {
        "pid": os.getpid(),
        "user": _user(),
        "host": socket.gethostname(),
        "since": f"{dt.datetime.now(dt.UTC):%FT%TZ}",
    }
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(holder))


def _describe_holder(path: Path) -> str:
    """Describe the holder of the lock: `process 123 of ann on host, since …`.

    Return `just started` if the file is missing or unreadable.
    """
    try:
        holder: dict[str, Any] = json.loads(path.read_text())
        process = f"process {holder['pid']} of {holder['user']} on {holder['host']}"
        return f"{process}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "just started"


def _user() -> str:
    """Return the user's name, or the user id if there is no name, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@dataclass(frozen=True)
class LastFailure:
    """A failed run: the time (ISO 8601, UTC), the exit code and the error message."""

    at: str
    exit_code: int
    message: str


@contextlib.contextmanager
def record_failure(file: Path) -> Iterator[None]:
    """Store an error of the block in `file`; delete the file if there is no error.

    Ctrl-C and a spent quota leave the file unchanged. If the file cannot be written or deleted, the
    `OSError` is ignored, because the run itself does not need the file.
    """
    try:
        yield
    except (LlmStatsError, Interrupted) as error:
        if error.exit_code not in _NEITHER:
            _write_failure(file, error.exit_code, str(error))
        raise
    except Exception as error:
        _write_failure(file, LlmStatsError.exit_code, f"{type(error).__name__}: {error}")
        raise
    with contextlib.suppress(OSError):
        file.unlink()


def read_failure(file: Path) -> LastFailure | None:
    """Return the failure of the last run; None if there is none or the file is unreadable."""
    try:
        failure = LastFailure(**json.loads(file.read_text("utf-8")))
        dt.datetime.fromisoformat(failure.at)
    except (OSError, ValueError, TypeError):
        return None
    return failure


def _write_failure(file: Path, exit_code: int, message: str) -> None:
    failure = LastFailure(dt.datetime.now(dt.UTC).isoformat(), exit_code, message)
    with contextlib.suppress(OSError):
        atomic_write(file, json.dumps(asdict(failure)))
