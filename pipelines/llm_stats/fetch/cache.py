"""Response cache and request log on disk: the next run reuses responses of a failed run.

    cached_responses(url, status, received_at, body, etag, last_modified)
        "https://…/models/aurora-large-1", 200, "2026-11-23T17:05:01.123456+00:00", the body,
        '"33a64df5"', null

One SQLite file contains this table and the tables of `request_state`. Responses are committed when
they arrive, and requests when they are sent, so `kill -9` loses nothing. The file never contains
the API key, because bodies and validators are redacted. A response with status 304 is not stored,
because requesting it again costs no quota unit.

A write error must stop the run, because the responses to further requests would be lost. The code
uses SQLite directly, because a caching library could hide write errors.
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

from llm_stats.api.quota import Quota
from llm_stats.api.responses import Body
from llm_stats.errors import LoadFailed, UsageError
from llm_stats.fetch import request_state
from llm_stats.fetch.request_state import sortable
from llm_stats.schema.fetch import Validators

_MAX_TTL = dt.timedelta(days=3650)
_SETUP = """
    pragma auto_vacuum = full;
    pragma secure_delete = off; -- some builds enable it; deleting 10,000 responses then takes 1 s
    pragma journal_mode = wal;
    pragma synchronous = normal;
    create table if not exists cached_responses (
        url text primary key, status integer not null, received_at text not null,
        body blob not null, etag text, last_modified text
    );
"""
#: Columns that a file of an older version lacks.
_ADDED_COLUMNS = ("etag", "last_modified")


class ResponseCache:
    """Response bodies by URL with their arrival time (UTC), and the times of sent requests.

    A context manager. Many threads of one process can use it at the same time.
    """

    def __init__(self, path: Path, ttl: dt.timedelta) -> None:
        self._path = path
        self._ttl = min(ttl, _MAX_TTL)
        self._lock = threading.Lock()
        self._write_error: sqlite3.Error | None = None
        self._cached: set[str] = set()
        self._used: set[str] = set()
        self._new_responses = _InsertBuffer("cached_responses", columns=6)
        self._new_requests = _InsertBuffer("request_log", columns=1)

    def __enter__(self) -> Self:
        """Open or create the file, and delete expired responses.

        Raises `UsageError` if the file cannot be written, `LoadFailed` if the disk is full.
        """
        path = self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # corrupt, or not an SQLite file: create a new one
                for suffix in ("", "-wal", "-shm"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
                self._connection = self._open()
        except (sqlite3.Error, OSError) as error:
            message = f"{path} cannot be written: {error}; make it writable or delete the file"
            raise UsageError(message) from None
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(sqlite3.Error):  # the disk may be full; committed rows remain
            self._connection.close()

    def get(self, url: str, *, since: dt.datetime | None = None) -> Body | None:
        """Return the cached body of a URL; None if it is missing, expired or older than `since`."""
        if url not in self._cached:
            return None
        query = (
            "select body, received_at, status, etag, last_modified from cached_responses "
            "where url = ? and received_at between ? and ?"
        )
        with self._lock, contextlib.suppress(sqlite3.Error):
            parameters = (url, self._oldest, sortable(_now()))
            if row := self._connection.execute(query, parameters).fetchone():
                self._used.add(url)
                received_at = dt.datetime.fromisoformat(row[1])
                body = Body(row[0], received_at, row[2], Validators(*row[3:]))
                return None if since and body.received_at < since else body
        return None

    def put(self, url: str, body: Body) -> None:
        """Store a body. Raises `OSError` if it cannot be written, for example on a full disk."""
        time = sortable(body.received_at)
        row = (url, body.status, time, body.content, *body.validators)
        self._write(self._new_responses, row)
        self._cached.add(url)
        self._used.add(url)

    def log_request(self) -> None:
        """Add the current time to the request log. Raises `OSError` if this fails."""
        self._write(self._new_requests, (sortable(_now()),))

    def idempotency_seed(self) -> str:
        """Return the random part of the idempotency keys (see `request_state`).

        Raises `OSError` if a new seed cannot be written.
        """
        try:
            with self._lock:
                return request_state.current_seed(self._connection, self._oldest_seed, _now())
        except sqlite3.Error as error:
            raise OSError(f"{self._path}: {error}") from None

    def store_quota(self, quota: Quota) -> None:
        """Store the quota for `llm-stats status`; a write error does not stop the run."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            request_state.store_quota(self._connection, quota, _now())

    def _write(self, buffer: _InsertBuffer, row: tuple[object, ...]) -> None:
        """Write a row together with all rows that other threads have added to the buffer.

        After a write error every later call fails too, because it is unknown which rows were lost.
        """
        buffer.rows.append(row)
        with self._lock:
            try:
                if self._write_error is None and buffer.rows:
                    self._connection.execute(*buffer.drain())
            except sqlite3.Error as error:
                self._write_error = error
        if self._write_error:
            raise OSError(f"{self._path}: {self._write_error}")

    def request_ages(self, max_age_seconds: float) -> list[float]:
        """Return the ages (seconds) of the requests sent in the last `max_age_seconds`.

        The oldest request is first. Requests of earlier runs are included.
        """
        with self._lock:
            return request_state.request_ages(self._connection, max_age_seconds, _now())

    @property
    def cached_count(self) -> int:
        """Return the number of cached responses that the next run can reuse."""
        return len(self._used) if self._ttl else 0

    def delete(self, urls: Iterable[str]) -> None:
        """Delete the responses of the given URLs.

        On a full disk, nothing is deleted; the responses then remain until they expire.
        """
        query = "delete from cached_responses where url = ?"
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute("begin")
            self._connection.executemany(query, [(url,) for url in urls])
            self._connection.execute("commit")

    def end_run(self) -> None:
        """Delete the responses that this run read or stored, and the seed of idempotency keys."""
        self.delete(self._used)
        with self._lock, contextlib.suppress(sqlite3.Error):
            request_state.delete_seed(self._connection)

    def _open(self) -> sqlite3.Connection:
        try:
            # SQLite itself would create the file without write permission for the group.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LoadFailed(f"{self._path}: {error.strerror}; nothing was published") from None
            raise
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript(_SETUP + request_state.SETUP)
            _add_columns(connection)
            self._delete_expired(connection)
            self._cached.update(
                url for (url,) in connection.execute("select url from cached_responses")
            )
        except sqlite3.Error as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise LoadFailed(f"{self._path}: {error}; nothing was published") from None
            raise
        return connection

    def _delete_expired(self, connection: sqlite3.Connection) -> None:
        """Delete expired responses, and rows of the request log that are older than two days.

        If the newest response is older than the TTL, all responses are deleted. If not, only
        responses that arrived more than one TTL before the newest response are deleted. The
        responses of a short run therefore expire together.
        """
        now = _now()
        self._oldest_seed = now - self._ttl
        request_state.delete_old_requests(connection, now)
        (newest,) = connection.execute(
            "select max(received_at) from cached_responses where received_at <= ?",
            (sortable(now),),
        ).fetchone()
        self._oldest = sortable(now - self._ttl)
        if newest and newest >= self._oldest:
            self._oldest = sortable(dt.datetime.fromisoformat(newest) - self._ttl)
        connection.execute(
            "delete from cached_responses where received_at not between ? and ?",
            (self._oldest, sortable(now)),
        )


class _InsertBuffer:
    """Rows to insert into a table. Many threads may append, but only one at a time may `drain`."""

    def __init__(self, table: str, columns: int) -> None:
        self.rows: deque[tuple[object, ...]] = deque()
        self._insert = f"replace into {table} values"
        self._placeholders = f"({', '.join('?' * columns)})"

    def drain(self) -> tuple[str, list[object]]:
        """Empty the buffer; return the statement that writes its rows, and the parameters."""
        rows = [self.rows.popleft() for _ in range(len(self.rows))]
        statement = f"{self._insert} {', '.join([self._placeholders] * len(rows))}"
        return statement, list(chain.from_iterable(rows))


def _add_columns(connection: sqlite3.Connection) -> None:
    """Add the columns that a file of an older version lacks."""
    table = connection.execute("pragma table_info(cached_responses)").fetchall()
    for name in set(_ADDED_COLUMNS) - {column[1] for column in table}:
        connection.execute(f"alter table cached_responses add column {name} text")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
