"""Queries on a database file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from llm_stats.text import sql_literal


def query_rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of one query on a database file."""
    with attached(database) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def attached(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that reads the database file."""
    connection = shared_connection()
    connection.execute(f"attach {sql_literal(str(database))} as file (read_only)")
    try:
        connection.execute("use file")
        yield connection
    finally:
        connection.execute("use memory")
        connection.execute("detach file")


@functools.cache
def shared_connection() -> duckdb.DuckDBPyConnection:
    """Return the connection to which the tests of a process attach databases.

    Opening DuckDB takes 20 ms; attaching a database takes less than 1 ms.
    """
    return duckdb.connect()
