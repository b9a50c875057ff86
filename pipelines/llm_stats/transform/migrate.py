"""The schema version of a warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb

from llm_stats.errors import UsageError

#: Changes when raw or history tables of an older file can no longer be used as they are.
SCHEMA_VERSION = 3


def require_schema_version(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Raises `UsageError` for a database that is no warehouse, or one that another version made."""
    try:
        found = connection.execute("select max(version) from history.schema_version").fetchall()
    except duckdb.Error:
        found = []
    check_schema_version(found[0][0] if found else None, f"{database}", "a DuckDB database")


def check_schema_version(layout: object, name: str, kind: str) -> None:
    """Raises `UsageError` if what stands in `history.schema_version` is not this version's; null: nothing does."""
    if not isinstance(layout, int):
        raise UsageError(f"{name} is no llm-stats warehouse, though {kind}; name another")
    if layout != SCHEMA_VERSION:
        age = "a newer" if layout > SCHEMA_VERSION else "an older"
        says = f"{name} was made by {age} version of llm-stats (layout {layout}; this one knows {SCHEMA_VERSION})"
        raise UsageError(f"{says}; use the version that made it, or another path")
