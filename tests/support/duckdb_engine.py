"""DuckDB as a destination, so that the code of all destinations is tested without a server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import dlt
from llm_stats.destinations.base import Destination, EngineConnection, RunLock
from llm_stats.destinations.connection import DestinationConnection
from llm_stats.table import Table


class DuckDBEngine(Destination):
    """Destination for a DuckDB file, opened by dlt's client; `run_lock` locks nothing.

    `opened` has an entry for each opened client: whether it was opened read-only.
    """

    name = "duckdb"
    dialect = "duckdb"
    supports_macros = True

    def __init__(self, file: Path) -> None:
        super().__init__(dlt.destinations.duckdb(str(file)))
        self.opened: list[bool] = []

    @contextlib.contextmanager
    def open_client(self, client: Any, *, read_only: bool) -> Iterator[Any]:
        self.opened.append(read_only)
        with client:
            yield client

    def configure(self, connection: EngineConnection, client: Any) -> None:
        connection.execute_native("set timezone = 'Asia/Tokyo'")

    def interruptible(self, client: Any) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def run_lock(self) -> Iterator[RunLock | None]:
        yield None

    def supports_comment(self, statement: str) -> bool:
        return not statement.startswith("comment on column")

    def execute_user_query(self, connection: EngineConnection, query: str) -> Table:
        return connection.execute_native(query)


def create(connection: DestinationConnection, *statements: str) -> None:
    """Execute statements that are not translated."""
    for statement in statements:
        connection.execute_native(statement)
