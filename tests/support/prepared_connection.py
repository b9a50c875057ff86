"""Connection on which DuckDB plans a repeated statement only once."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from llm_stats.connection import DuckDBConnection
from llm_stats.table import Table


class PreparedConnection(DuckDBConnection):
    """Connection that prepares each statement without parameters when it is first executed.

    For a statement that writes the history, planning takes up to 25 ms, the execution only 5 ms.
    The optimizer is off while a statement is prepared. Otherwise DuckDB would plan the statement
    again for each execution.
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
