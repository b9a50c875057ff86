"""The lock: one run at a time for each warehouse, and who it is.

    .llm_stats/lock, holder.json

The operating system holds it, so it is free again when its holder dies.
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

import filelock

from llm_stats.errors import Locked, UsageError

NAME = "lock"


@contextlib.contextmanager
def held(folder: Path, database: Path | str) -> Iterator[None]:
    """Holds the lock in a folder. Raises `Locked`, naming the holder, or `UsageError` if there can be no lock."""
    lock = filelock.FileLock(folder / NAME, timeout=0, mode=0o666)
    holder = folder / "holder.json"
    try:
        acquired = lock.acquire()
    except filelock.Timeout:
        raise Locked(
            f"{database}: another run holds the lock ({_holder(holder)}); wait for it, or stop it"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{database} cannot be written: {error.strerror}: {folder / NAME}"
        ) from None
    with acquired:
        _sign(holder)
        yield
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)


def _sign(path: Path) -> None:
    """Says who holds the lock. Only a courtesy: where another user's file cannot be replaced, the lock holds all the same."""
    holder = {
        "pid": os.getpid(),
        "user": _user(),
        "host": socket.gethostname(),
        "since": f"{dt.datetime.now(dt.UTC):%FT%TZ}",
    }
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(holder))


def _holder(path: Path) -> str:
    """Who holds the lock, as far as can be read: `process 123 of ann on host, since …`."""
    try:
        holder: dict[str, Any] = json.loads(path.read_text())
        return f"process {holder['pid']} of {holder['user']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "just started"


def _user() -> str:
    """The user's name, or the number of one who has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
