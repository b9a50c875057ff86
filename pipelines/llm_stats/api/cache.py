"""Responses on disk, so that a run that was killed or refused never pays for the same record twice.

    answers(url, status, arrived_at, body)   "https://…/models/aurora-large-1", 200, "2026-11-23T17:05:01.123456+00:00", the body
    requests(left_at)                        "2026-11-23T17:05:00.987654+00:00", kept for two days

One SQLite file, one row a response, committed the moment it arrives, and one row a request, the moment it leaves: `kill -9` loses nothing.
It holds bodies only, no headers, so no key. SQLite itself, and not a library above it, because its errors must come through: what cannot be
kept must not be paid for.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Self

from llm_stats.api.responses import Body
from llm_stats.errors import LoadFailed, UsageError

_MAX_TTL = dt.timedelta(days=3650)
_REQUEST_LOG_AGE = dt.timedelta(days=2)
_SETUP = """
    pragma auto_vacuum = full;
    pragma secure_delete = off; -- on in some builds; ten thousand responses then take a second to forget
    pragma journal_mode = wal;
    pragma synchronous = normal;
    drop table if exists responses; -- of older versions
    create table if not exists answers (url text primary key, status integer not null, arrived_at text not null, body blob not null);
    create table if not exists requests (left_at text not null);
"""


class ResponseCache:
    """Bodies of responses by URL, each with the time it arrived (UTC), and when requests left.

    A context manager; inside, it may be used from many threads, by one process.
    """

    def __init__(self, path: Path, ttl: dt.timedelta) -> None:
        self._path = path
        self._ttl = min(ttl, _MAX_TTL)
        self._lock = threading.Lock()
        self._failure: sqlite3.Error | None = None
        self._kept: set[str] = set()
        self._used: set[str] = set()
        self._answers, self._requests = (
            _InsertBuffer("answers", columns=4),
            _InsertBuffer("requests", columns=1),
        )

    def __enter__(self) -> Self:
        """Opens the file or makes it, and forgets what is too old. Raises `UsageError` if it cannot be written, `LoadFailed` if the
        disk is full: that is no mistake of the caller's."""
        path = self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # torn, or no SQLite file: nothing in it can be used
                for file in (
                    path,
                    path.with_name(f"{path.name}-wal"),
                    path.with_name(f"{path.name}-shm"),
                ):
                    file.unlink(missing_ok=True)
                self._connection = self._open()
        except (sqlite3.Error, OSError) as error:
            raise UsageError(
                f"{path} cannot be written: {error}; mend that, or remove the file"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(sqlite3.Error):  # a full disk: what was committed stays
            self._connection.close()

    def get(self, url: str) -> Body | None:
        """The body kept for a URL, unless it is too old."""
        if url not in self._kept:
            return None
        with self._lock, contextlib.suppress(sqlite3.Error):
            query = "select body, arrived_at, status from answers where url = ? and arrived_at between ? and ?"
            if row := self._connection.execute(
                query, (url, self._oldest, _text(_now()))
            ).fetchone():
                self._used.add(url)
                return Body(row[0], dt.datetime.fromisoformat(row[1]), row[2])
        return None

    def put(self, url: str, body: Body) -> None:
        """Keeps a body. Raises `OSError` if the disk does not take it."""
        self._write(self._answers, (url, body.status, _text(body.arrived_at), body.content))
        self._kept.add(url)
        self._used.add(url)

    def log_request(self) -> None:
        """Notes that a request leaves now. Raises `OSError` if the disk does not take it."""
        self._write(self._requests, (_text(_now()),))

    def _write(self, waiting: _InsertBuffer, row: tuple[object, ...]) -> None:
        """Writes a row, with all that others wait to write: a statement for each would have every thread wait for its turn in Python.

        An error is everybody's from then on, for whose rows were lost with it nobody knows.
        """
        waiting.rows.append(row)
        with self._lock:
            try:
                if self._failure is None and waiting.rows:
                    self._connection.execute(*waiting.drain())
            except sqlite3.Error as error:
                self._failure = error
        if self._failure:
            raise OSError(f"{self._path}: {self._failure}")

    def request_ages(self, most_seconds: float) -> list[float]:
        """How many seconds ago requests left, the oldest first, those of earlier runs too."""
        now = _now()
        query = "select left_at from requests where left_at >= ? order by left_at"
        with self._lock:
            found = self._connection.execute(
                query, (_text(now - dt.timedelta(seconds=most_seconds)),)
            ).fetchall()
        return [(now - dt.datetime.fromisoformat(left_at)).total_seconds() for (left_at,) in found]

    @property
    def cached_count(self) -> int:
        """How many responses this run took from here or put here, to the use of the next."""
        return len(self._used) if self._ttl else 0

    def delete(self, urls: Iterable[str]) -> None:
        """Removes what is kept for these URLs. What a full disk keeps it from removing grows too old instead."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute("begin")
            self._connection.executemany(
                "delete from answers where url = ?", [(url,) for url in urls]
            )
            self._connection.execute("commit")

    def delete_used(self) -> None:
        """Forgets what this run took from here or put here."""
        self.delete(self._used)

    def _open(self) -> sqlite3.Connection:
        try:
            os.close(
                os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            )  # SQLite would not let the group write
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LoadFailed(f"{self._path}: {error.strerror}; nothing was published") from None
            raise
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript(_SETUP)
            now = _now()
            connection.execute(
                "delete from requests where left_at not between ? and ?",
                (_text(now - _REQUEST_LOG_AGE), _text(now)),
            )
            (newest,) = connection.execute(
                "select max(arrived_at) from answers where arrived_at <= ?", (_text(now),)
            ).fetchone()
            self._oldest = _text(now - self._ttl)
            if (
                newest and newest >= self._oldest
            ):  # of a run that may have taken longer than that: by its own end, it is all fresh
                self._oldest = _text(dt.datetime.fromisoformat(newest) - self._ttl)
            connection.execute(
                "delete from answers where arrived_at not between ? and ?",
                (self._oldest, _text(now)),
            )
            self._kept.update(url for (url,) in connection.execute("select url from answers"))
        except sqlite3.Error as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise LoadFailed(f"{self._path}: {error}; nothing was published") from None
            raise
        return connection


class _InsertBuffer:
    """Rows on their way into a table. Many threads add to them; one at a time takes them."""

    def __init__(self, table: str, columns: int) -> None:
        self.rows: deque[tuple[object, ...]] = deque()
        self._insert = f"replace into {table} values"
        self._row = f"({', '.join('?' * columns)})"

    def drain(self) -> tuple[str, list[object]]:
        """The statement that writes all rows there are, and its values."""
        rows = [self.rows.popleft() for _ in range(len(self.rows))]
        return f"{self._insert} {', '.join([self._row] * len(rows))}", list(
            chain.from_iterable(rows)
        )


def requests_since(path: Path, moment: dt.datetime) -> int | None:
    """How many requests have left since then, from the file of a cache that a run may have open; None if that cannot be told."""
    if not path.exists():
        return 0
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            return int(
                connection.execute(
                    "select count(*) from requests where left_at >= ?", (_text(moment),)
                ).fetchone()[0]
            )
    except sqlite3.Error:
        return None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _text(moment: dt.datetime) -> str:
    """A time that sorts as text."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
