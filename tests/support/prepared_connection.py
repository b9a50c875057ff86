"""Connection on which DuckDB plans a repeated statement only once."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from llm_stats.connection import DuckDBConnection
from llm_stats.table import Table


class PreparedConnection(DuckDBConnection):
    """Connection that prepares a statement without parameters before its first execution.

    Planning a history statement takes up to 25 ms; executing the statement takes 5 ms.
    DuckDB plans a prepared statement only once if the optimizer was off during `prepare`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._names: dict[str, str] = {}

    def execute(
        self, query: str, parameters: Sequence[object] = (), /, *, max_bytes: int | None = None
    ) -> Table:
        if parameters:
            return super().execute(query, parameters, max_bytes=max_bytes)
        if query not in self._names:
            self._prepare(query)
        return super().execute(f"execute {self._names[query]}", max_bytes=max_bytes)

    def _prepare(self, query: str) -> None:
        name = f"prepared_{id(self)}_{len(self._names)}"
        super().execute("pragma disable_optimizer")
        super().execute(f"prepare {name} as {query}")
        super().execute("pragma enable_optimizer")
        self._names[query] = name
