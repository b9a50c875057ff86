"""The published file: its path in one spelling, and whether what stands there is a warehouse that this version knows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from llm_stats.errors import UsageError

#: Changes when raw or history tables of an older file can no longer be used as they are.
LAYOUT = 2


def path_of(database: Path) -> Path:
    """The path itself, absolute, its folder without links: of the link that the published path is, only the place counts."""
    return database.parent.resolve() / database.name


def require_file(database: Path) -> None:
    """Raises `UsageError`, with what to do, if there is no file to open."""
    try:
        if database.is_dir():
            raise UsageError(f"{database} is a folder; name a file, such as {database / 'llm_stats.duckdb'}")
        if database.is_symlink() and not database.exists():
            says = f"{database} leads to {database.readlink()}, which is gone"
            raise UsageError(f"{says}; go back with `llm-stats rollback`, restore that, or remove the link")
        if not database.exists():
            way_out = "make it with `llm-stats run` or `llm-stats demo`, or name another with --database"
            raise UsageError(f"{database} does not exist; {way_out}")
        if not database.is_file():
            raise UsageError(f"{database} is no file; name another")
    except OSError as error:
        raise UsageError(f"{database} cannot be read: {error.strerror}") from None


def require_layout(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Raises `UsageError` for a database that is no warehouse, or one that another version made."""
    try:
        found = connection.execute("select max(version) from history.layout").fetchall()
    except duckdb.Error:
        found = []
    require_known(found[0][0] if found else None, f"{database}", "a DuckDB database")


def require_known(layout: object, name: str, kind: str) -> None:
    """Raises `UsageError` if what stands in `history.layout` is not this version's; null: nothing does."""
    if not isinstance(layout, int):
        raise UsageError(f"{name} is no llm-stats warehouse, though {kind}; name another")
    if layout != LAYOUT:
        age = "a newer" if layout > LAYOUT else "an older"
        says = f"{name} was made by {age} version of llm-stats (layout {layout}; this one knows {LAYOUT})"
        raise UsageError(f"{says}; use the version that made it, or another path")
