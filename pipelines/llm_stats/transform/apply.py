"""Apply the files under `sql/` to a warehouse: create views and macros, update the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

from llm_stats.connection import Connection
from llm_stats.load.merge import create_raw_tables
from llm_stats.schema.tables import DLT_TABLES, TABLE_COMMENTS, TABLES
from llm_stats.text import sql_literal
from llm_stats.transform.comments import comment_inherited
from llm_stats.transform.files import (
    SCHEMAS,
    SqlFile,
    execute_file,
    in_build_order,
)
from llm_stats.transform.snapshot_guard import guard_macros, is_guarded

#: Statements that write rows; all others are definitions or comments.
_WRITE_STATEMENTS = (
    duckdb.StatementType.INSERT,
    duckdb.StatementType.UPDATE,
    duckdb.StatementType.DELETE,
)

#: History tables with a row hash. `update_history` compares the hashes instead of the values. A
#: row that has ended (`valid_to` is not null) has no hash.
HASHED_TABLES = (("history", "offers"), ("history", "scores"))


def create_views(connection: Connection, snapshot_id: str, root: Path | None = None) -> None:
    """Create the raw tables, the history tables, and the views and macros, with their comments.

    Views and macros are dropped and recreated only if the files changed or a relation is missing.
    The table macros of `marts` are always recreated, because they contain the id of the snapshot.
    Tables are kept. Runs in the caller's transaction if the engine has transactional DDL. Raises
    `SqlError` with file and line.
    """
    files = _supported(connection, root)
    _create_definitions(connection, files, root)
    guard_macros(connection, files, snapshot_id)


def _create_definitions(connection: Connection, files: list[SqlFile], root: Path | None) -> None:
    """Recreate views and macros if the files changed or a relation is missing.

    The table macros of `marts` are omitted here, because `guard_macros` recreates them.
    """
    current = fingerprint(in_build_order(root), connection.dialect)
    engine_version = str(connection.execute("select version()").rows[0][0])
    existing = {(relation.schema, relation.name) for relation in connection.relations()}
    stored = _stored_fingerprint(connection) if _expected(files) <= existing else None
    if stored == (current, engine_version):
        return
    if existing.issuperset(HASHED_TABLES):
        clear_row_hashes(connection)
    if stored and stored[0] == current:
        _save_fingerprint(connection, current, engine_version)
        return
    connection.drop_views()
    create_raw_tables(connection)
    for schema in dict.fromkeys(SCHEMAS.values()):
        connection.execute(f"create schema if not exists {schema}")
    for file in files:
        if not is_guarded(file):
            execute_file(connection, file, lambda item: item.type not in _WRITE_STATEMENTS)
    comment_inherited(connection, files)
    _save_fingerprint(connection, current, engine_version)


def clear_row_hashes(connection: Connection) -> None:
    """Set the hashes of history rows to null; the next `update_history` recomputes them.

    A change of the files under `sql/` or of the engine version can change the hash of a row.
    """
    for schema, table in HASHED_TABLES:
        connection.execute(
            f"update {schema}.{table} set row_hash = null where row_hash is not null"
        )


def update_history(connection: Connection) -> None:
    """Write the changes since the last call into `history`, in the caller's transaction."""
    for file in in_build_order():
        if file.layer == "history":
            execute_file(connection, file, lambda statement: statement.type in _WRITE_STATEMENTS)


def unsupported(connection: Connection) -> tuple[str, ...]:
    """Return the macros that the engine cannot store, such as `marts.blended_price`."""
    return tuple(
        file.address
        for file in in_build_order()
        if file.layer == "macros" and not connection.supports_macros
    )


def fingerprint(files: Iterable[SqlFile], dialect: str) -> str:
    """Return a hash over the files, the raw tables and the dialect."""
    definitions = (
        dialect,
        TABLES,
        DLT_TABLES,
        TABLE_COMMENTS,
        [(file.address, file.text) for file in files],
    )
    return hashlib.sha256(repr(definitions).encode()).hexdigest()


def _supported(connection: Connection, root: Path | None = None) -> list[SqlFile]:
    return [file for file in in_build_order(root) if file.is_relation or connection.supports_macros]


def _expected(files: Iterable[SqlFile]) -> set[tuple[str, str]]:
    """Return the schema and name of every table and view that must exist."""
    raw_tables = {("raw", table) for table in (*TABLES, *DLT_TABLES, "sql_fingerprint")}
    return raw_tables | {
        (file.address.partition(".")[0], file.path.stem) for file in files if file.is_relation
    }


def _stored_fingerprint(connection: Connection) -> tuple[str, str] | None:
    """Return the stored fingerprint and engine version; None if nothing is stored yet."""
    rows = connection.execute("select sha256, engine_version from raw.sql_fingerprint").rows
    return (str(rows[0][0]), str(rows[0][1])) if rows else None


def _save_fingerprint(connection: Connection, value: str, engine_version: str) -> None:
    """Replace the stored fingerprint; clear `checked_at`, so the next checks cover all models."""
    connection.execute("drop table if exists raw.sql_fingerprint")
    connection.execute(
        "create table raw.sql_fingerprint "
        "(sha256 varchar not null, engine_version varchar, checked_at timestamp)"
    )
    for name, comment in _FINGERPRINT_COMMENTS.items():
        connection.execute(f"comment on {name} is {sql_literal(comment)}")
    connection.execute(
        "insert into raw.sql_fingerprint (sha256, engine_version) "
        f"values ({sql_literal(value)}, {sql_literal(engine_version)})"
    )


_FINGERPRINT_COMMENTS = {
    "table raw.sql_fingerprint": "One row: fingerprint of the definitions of all tables and views",
    "column raw.sql_fingerprint.sha256": (
        "Hash of all definitions; a run with a different hash recreates all views"
    ),
    "column raw.sql_fingerprint.engine_version": (
        "Engine version of the last run; a run with another version recomputes the row hashes"
    ),
    "column raw.sql_fingerprint.checked_at": (
        "When a run last checked all models (UTC); null if none did since the definitions changed"
    ),
}
