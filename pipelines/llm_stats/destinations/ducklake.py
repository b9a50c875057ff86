"""DuckLake as a destination: read-only access for readers, and a lock in its catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import duckdb

from llm_stats.connection import interruptible
from llm_stats.destinations.base import Destination, EngineConnection, RunLock
from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.text import sql_literal
from llm_stats.user_query import MAX_RESULT_BYTES, require_query, restrict


class DuckLake(Destination):
    """A DuckLake: Parquet files, with a catalog in PostgreSQL or SQLite."""

    name = "ducklake"
    dialect = "duckdb"
    supports_macros = True

    def __init__(self, factory: Any = None) -> None:
        super().__init__(factory)
        if duckdb.__version__ >= "2":
            raise UsageError(
                "destination ducklake: dlt supports DuckLake only with DuckDB 1.5; "
                "install llm-stats with that version in a separate environment: "
                "pip install -e '.[ducklake]'"
            )
        if self.credentials.catalog.drivername == "duckdb":
            raise UsageError(
                "destination ducklake: a catalog in a DuckDB file can be open only once, "
                "but a run opens it twice; use a catalog in PostgreSQL, "
                "or in SQLite if only one machine uses the warehouse"
            )

    @contextmanager
    def open_client(self, client: Any, *, read_only: bool) -> Iterator[Any]:
        """Open the DuckLake; with `read_only`, do not change or create it.

        If the data files are in a folder, readers can read only files in that folder. This
        restriction also disables network access, so it is not set for data files in a bucket.
        """
        if read_only:
            client._attach_statement = client.attach_statement.removesuffix(")") + ", READ_ONLY)"
        with client:
            if read_only and client.credentials.storage.is_local_filesystem:
                connection = client.native_connection
                connection.execute(
                    f"set allowed_directories = [{sql_literal(client.credentials.storage_url)}]"
                )
                connection.execute("set enable_external_access = false")
            yield client

    def interruptible(self, client: Any) -> AbstractContextManager[None]:
        return interruptible(client.native_connection)

    @contextmanager
    def run_lock(self) -> Iterator[RunLock | None]:
        """Hold a lock in the catalog's PostgreSQL database; yield None for other catalogs."""
        if not str(self.credentials.catalog.drivername).startswith("postgres"):
            yield None
            return
        from dlt.destinations import postgres

        from llm_stats.destinations.postgres import Postgres

        factory = postgres(self.credentials.catalog.to_native_representation())
        with Postgres(factory).run_lock() as lock:
            yield lock

    def supports_comment(self, statement: str) -> bool:
        return not statement.startswith(
            ("comment on macro", "comment on column staging.", "comment on column marts.")
        )

    def execute_user_query(self, connection: EngineConnection, query: str) -> Table:
        """Return the rows of a query, with passwords masked.

        A query can return the catalog's URL, which contains a password.
        """
        with duckdb.connect() as parser:
            is_explain = require_query(query, parser)
        restrict(connection.execute_native)
        table = connection.execute_native(query, max_bytes=MAX_RESULT_BYTES)
        rows = [
            tuple(self.mask_passwords(cell) if "://" in str(cell) else cell for cell in row)
            for row in table.rows
        ]
        return replace(table, rows=rows, multiline=is_explain)
