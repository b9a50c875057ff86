"""Responses on disk, so that a run that was killed or refused never pays for the same record twice.

    responses(url, arrived_at, body)      "https://…/models/aurora-large-1", "2026-11-23T17:05:01.123456+00:00", the body as it came

One SQLite file, one row a response, committed the moment it arrives: `kill -9` loses nothing. It holds bodies only, no headers, so no
key. SQLite itself, and not a library above it, because its errors must come through: what cannot be kept must not be paid for.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from llm_stats.errors import LoadFailed, UsageError
from llm_stats.response import Body

_LONGEST = dt.timedelta(days=3650)
_SET_UP = """
    pragma locking_mode = exclusive;
    pragma auto_vacuum = full;
    pragma journal_mode = wal;
    pragma synchronous = normal;
    create table if not exists responses (url text primary key, arrived_at text not null, body blob not null);
"""


class ResponseCache:
    """Bodies of good responses by URL, each with the time it arrived (UTC). May be used from many threads, by one process."""

    def __init__(self, path: Path, keep_for: dt.timedelta) -> None:
        """Opens the file or makes it, and forgets what is older than `keep_for`. Raises `UsageError` if it cannot be written.

        A full disk is no mistake of the caller's: `LoadFailed`.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._keep_for = min(keep_for, _LONGEST)
        self._lock = threading.Lock()
        self._used: set[str] = set()
        try:
            try:
                self._connection = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # torn, or no SQLite file: nothing in it can be used
                for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                    file.unlink(missing_ok=True)
                self._connection = self._open()
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{path} cannot be written: {error}; mend that, or remove the file") from None

    def __enter__(self) -> ResponseCache:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(sqlite3.Error):  # a full disk: what was committed stays
            self._connection.close()

    def get(self, url: str) -> Body | None:
        """The body kept for a URL, unless it is too old."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            query = "select body, arrived_at from responses where url = ? and arrived_at between ? and ?"
            if row := self._connection.execute(query, (url, *self._fresh())).fetchone():
                self._used.add(url)
                return Body(row[0], dt.datetime.fromisoformat(row[1]))
        return None

    def put(self, url: str, body: Body) -> None:
        """Keeps a body. Raises `OSError` if the disk does not take it."""
        try:
            with self._lock:
                self._connection.execute("replace into responses values (?, ?, ?)", (url, _text(body.arrived_at), body.content))
                self._used.add(url)
        except sqlite3.Error as error:
            raise OSError(f"{self._path}: {error}") from None

    def forget(self, urls: Iterable[str]) -> None:
        """Removes what is kept for these URLs. What a full disk keeps it from removing grows too old instead."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute("begin")
            self._connection.executemany("delete from responses where url = ?", [(url,) for url in urls])
            self._connection.execute("commit")

    def clear_used(self) -> None:
        """Forgets what this run took from here or put here."""
        self.forget(self._used)

    def _open(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666))  # SQLite would not let the group write
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LoadFailed(f"{self._path}: {error.strerror}; nothing was published") from None
            raise
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript(_SET_UP)
            connection.execute("delete from responses where arrived_at not between ? and ?", self._fresh())
        except sqlite3.Error as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise LoadFailed(f"{self._path}: {error}; nothing was published") from None
            raise
        return connection

    def _fresh(self) -> tuple[str, str]:
        """From when to when a response must have arrived to be used; one from the future tells of a clock that was wrong."""
        now = dt.datetime.now(dt.UTC)
        return _text(now - self._keep_for), _text(now)


def _text(moment: dt.datetime) -> str:
    """A time that sorts as text."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
