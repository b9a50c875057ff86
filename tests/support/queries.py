"""Queries on a database file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def query_rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Open the database, execute a query and return its rows."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()
