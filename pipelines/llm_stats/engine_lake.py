"""What a session with a DuckLake has to be told, so that who reads can change nothing and open no other file."""

from __future__ import annotations

from typing import Any

import duckdb

from llm_stats.errors import UsageError
from llm_stats.sql import literal


def require_usable(credentials: Any) -> None:
    """Raises `UsageError` for a DuckDB that dlt cannot open a lake with, and for a catalog that a run could not use."""
    if duckdb.__version__ >= "2":
        says = "dlt opens a lake with DuckDB 1.5 only"
        raise UsageError(f"destination ducklake: {says}; in an environment of its own: pip install -e '.[ducklake]'")
    if credentials.catalog.drivername == "duckdb":
        says = "a catalog in a DuckDB file can be open once, and a run needs it twice"
        raise UsageError(f"destination ducklake: {says}; give it one in a PostgreSQL, or for one machine in SQLite")


def attach_read_only(client: Any) -> None:
    """Has dlt's client attach the lake so; otherwise it would also make one where there is none."""
    client._attach_statement = client.attach_statement.removesuffix(")") + ", READ_ONLY)"


def lock_down(client: Any) -> None:
    """Closes all files but those of the lake, as far as the lake is in a folder: a bucket needs the network."""
    storage = client.credentials.storage
    if storage.is_local_filesystem:
        connection = client.native_connection
        connection.execute(f"set allowed_directories = [{literal(client.credentials.storage_url)}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
