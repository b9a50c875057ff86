"""State of the requests in the file of the response cache: request log, seed, quota.

    request_log(sent_at)
        "2026-11-23T17:05:00.987654+00:00"; kept for two days; the rate limiter of the next run
        counts recent requests
    idempotency_seed(seed, created_at)
        "9f86d081…", "2026-11-23T17:05:00.123456+00:00"; at most one row
    quota(stored_at, quota)
        "2026-11-23T17:05:01.123456+00:00", '{"remaining": 12, "limit": 250, …}'; at most one row

The seed is stored, so that the run after a killed run repeats requests with the same idempotency
keys. A published run deletes the seed. A seed that is older than the TTL of the cache is replaced.
A seed is also replaced at 00:00 UTC, because the API compares only keys of the same day.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from llm_stats.api.quota import Quota

_REQUEST_LOG_AGE = dt.timedelta(days=2)
SETUP = """
    create table if not exists request_log (sent_at text not null);
    create table if not exists idempotency_seed (seed text not null, created_at text not null);
    create table if not exists quota (stored_at text not null, quota text not null);
"""


def sortable(time: dt.datetime) -> str:
    """Return a time as UTC text that sorts chronologically."""
    return time.astimezone(dt.UTC).isoformat(timespec="microseconds")


def request_ages(
    connection: sqlite3.Connection, max_age_seconds: float, now: dt.datetime
) -> list[float]:
    """Return the ages (seconds) of the requests in the last `max_age_seconds`, oldest first."""
    since = sortable(now - dt.timedelta(seconds=max_age_seconds))
    query = "select sent_at from request_log where sent_at >= ? order by sent_at"
    rows = connection.execute(query, (since,)).fetchall()
    return [(now - dt.datetime.fromisoformat(sent_at)).total_seconds() for (sent_at,) in rows]


def delete_old_requests(connection: sqlite3.Connection, now: dt.datetime) -> None:
    """Delete logged requests that are older than two days, or in the future."""
    connection.execute(
        "delete from request_log where sent_at not between ? and ?",
        (sortable(now - _REQUEST_LOG_AGE), sortable(now)),
    )


def current_seed(connection: sqlite3.Connection, oldest: dt.datetime, now: dt.datetime) -> str:
    """Return the stored seed; replace a seed created before `oldest` or before today (UTC)."""
    query = "select seed, created_at from idempotency_seed"
    for seed, created_at in connection.execute(query).fetchall():
        created = dt.datetime.fromisoformat(created_at)
        if oldest <= created <= now and created.date() == now.date():
            return str(seed)
    delete_seed(connection)
    seed = secrets.token_hex(16)
    connection.execute("insert into idempotency_seed values (?, ?)", (seed, sortable(now)))
    return seed


def delete_seed(connection: sqlite3.Connection) -> None:
    """Delete the stored seed, so that the next request gets a new key."""
    connection.execute("delete from idempotency_seed")


def store_quota(connection: sqlite3.Connection, quota: Quota, now: dt.datetime) -> None:
    """Replace the stored quota."""
    row = (sortable(now), json.dumps(quota.to_dict()))
    connection.execute("delete from quota")
    connection.execute("insert into quota values (?, ?)", row)


def requests_since(path: Path, since: dt.datetime) -> int | None:
    """Return the number of requests since a time, from the request log in the file at `path`.

    Return 0 if there is no file, and None if the file cannot be read. This function also works
    while a run writes to the file.
    """
    if not path.exists():
        return 0
    query = "select count(*) from request_log where sent_at >= ?"
    rows = _select(path, query, sortable(since))
    return int(rows[0][0]) if rows else None


def last_quota(path: Path, now: dt.datetime) -> tuple[Quota, dt.datetime] | None:
    """Return the quota in the file at `path`, and when it was stored (UTC).

    Return None if the file contains no quota, if the quota has been reset since that time, or if
    the file is missing or cannot be read.
    """
    if not path.exists() or not (rows := _select(path, "select quota, stored_at from quota")):
        return None
    values: dict[str, Any] = json.loads(rows[0][0])
    if values["reset_at"]:
        values["reset_at"] = dt.datetime.fromisoformat(values["reset_at"])
        if values["reset_at"] <= now:
            return None
    return Quota(**values), dt.datetime.fromisoformat(rows[0][1])


def _select(path: Path, query: str, *parameters: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query; no rows if the file cannot be read."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(uri, uri=True)) as connection,
    ):
        return connection.execute(query, parameters).fetchall()
    return []
