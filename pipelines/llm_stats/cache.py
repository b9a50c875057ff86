"""Responses on disk, so that a run that was killed or refused never pays for the same record twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import requests
from requests_cache.backends.sqlite import SQLiteCache


class ResponseCache:
    """Bodies of good responses by URL, each with the time it arrived. Holds no key: the `Authorization` header is redacted."""

    def __init__(self, path: Path, keep_for: dt.timedelta) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store = SQLiteCache(path, wal=True)
        self._keep_for = keep_for
        self._used: set[str] = set()

    def __enter__(self) -> ResponseCache:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()  # type: ignore[no-untyped-call]

    def get(self, url: str) -> tuple[bytes, dt.datetime] | None:
        """The body kept for a URL and when it arrived (UTC), unless it is too old."""
        key = self._key(url)
        found = self._store.get_response(key)
        if found is None:
            return None
        arrived_at = found.created_at if found.created_at.tzinfo else found.created_at.replace(tzinfo=dt.UTC)
        if dt.datetime.now(dt.UTC) - arrived_at >= self._keep_for:
            return None
        self._used.add(key)
        return found.content, arrived_at

    def put(self, response: requests.Response) -> None:
        key = self._key(str(response.request.url))
        self._used.add(key)
        self._store.save_response(response, key)

    def clear_used(self) -> None:
        """Forgets what this run took from here or put here."""
        if self._used:
            self._store.delete(*self._used)

    def _key(self, url: str) -> str:
        return str(self._store.create_key(requests.Request("GET", url).prepare()))
