"""Replacement for `Reader` that queries an in-memory database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from llm_stats.table import Table
from support.history_database import stored_views
from support.raw_tables import RawTables


class ConnectionReader:
    """In-memory `Reader` with only the methods that the report and most queries call."""

    def __init__(self, raw: RawTables) -> None:
        self._raw = raw

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        return self._raw.prepared.execute(query, parameters)

    def require_models(self, _: Sequence[str]) -> None:
        """Skip the check that the models exist."""

    @contextmanager
    def materialized(self) -> Iterator[ConnectionReader]:
        with stored_views(self._raw) as stored:
            yield ConnectionReader(stored)
