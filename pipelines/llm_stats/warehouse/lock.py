"""File lock of a warehouse: one run at a time.

.llm_stats/lock           the lock; the operating system releases it when the process ends
.llm_stats/holder.json    {"pid": 123, "user": "ann", "host": "batch-1", "since": "…"}
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_stats.errors import Locked, UsageError
from llm_stats.files import hold_lock

NAME = "lock"


@contextlib.contextmanager
def hold(folder: Path, database: Path | str) -> Iterator[None]:
    """Hold the lock in a folder.

    Raises `Locked`, which names the holder, if another process holds the lock. Raises `UsageError`
    if the lock file cannot be opened, or if the file system does not support locks.
    """
    holder = folder / "holder.json"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(folder / NAME))
        except BlockingIOError:
            raise Locked(
                f"{database}: another run holds the lock ({_describe_holder(holder)}); "
                "wait for it, or stop it"
            ) from None
        except OSError as error:
            raise UsageError(
                f"{database}: {folder / NAME} cannot be locked: {error.strerror}; make the file "
                "writable, or use a file system with file locks"
            ) from None
        _write_holder(holder)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)


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
