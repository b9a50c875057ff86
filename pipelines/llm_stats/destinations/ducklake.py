"""What a session with a DuckLake has to be told, so that who reads can change nothing and open no other file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from llm_stats.errors import UsageError
from llm_stats.text import sql_literal


def require_usable(credentials: Any) -> None:
    """Raises `UsageError` for a DuckDB that dlt cannot open a lake with, and for a catalog that a run could not use."""
    if duckdb.__version__ >= "2":
        says = "dlt opens a lake with DuckDB 1.5 only"
        raise UsageError(f"destination ducklake: {says}; in an environment of its own: pip install -e '.[ducklake]'")
    if credentials.catalog.drivername == "duckdb":
        says = "a catalog in a DuckDB file can be open once, and a run needs it twice"
        raise UsageError(f"destination ducklake: {says}; give it one in a PostgreSQL, or for one machine in SQLite")


@contextmanager
def read_only(client: Any) -> Iterator[Any]:
    """Opens dlt's client on a lake that it cannot change, nor make where there is none.

    All files but those of the lake are closed, as far as the lake is in a folder: a bucket needs the network.
    """
    client._attach_statement = client.attach_statement.removesuffix(")") + ", READ_ONLY)"
    with client:
        if client.credentials.storage.is_local_filesystem:
            connection = client.native_connection
            connection.execute(f"set allowed_directories = [{sql_literal(client.credentials.storage_url)}]")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
        yield client
