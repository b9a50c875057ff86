"""Replacement for `Reader` that queries an in-memory database."""

from __future__ import annotations

from llm_stats.table import Table
from support.raw_tables import RawTables


class ConnectionReader:
    """In-memory `Reader` with only the method that `llm_stats.queries.changes` calls."""

    def __init__(self, raw: RawTables) -> None:
        self._raw = raw

    def query(self, query: str, parameters: list[object]) -> Table:
        result = self._raw.connection.execute(query, parameters)
        return Table(tuple(c[0] for c in result.description or ()), (), result.fetchall())
