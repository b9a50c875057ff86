"""Apply the files under `sql/` to a warehouse: create views and macros, update the history."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from llm_stats.connection import Connection, QueryError
from llm_stats.load.merge import create_raw_tables
from llm_stats.schema.tables import DLT_TABLES, TABLE_COMMENTS, TABLES
from llm_stats.text import sql_literal
from llm_stats.transform.files import (
    SCHEMAS,
    SqlError,
    SqlFile,
    in_build_order,
    locate_error,
    statements,
)

#: Statements that write rows; all others are definitions or comments.
_WRITE_STATEMENTS = (
    duckdb.StatementType.INSERT,
    duckdb.StatementType.UPDATE,
    duckdb.StatementType.DELETE,
)


def create_views(connection: Connection, root: Path | None = None) -> None:
    """Create the raw tables, the history tables, and the views and macros, with their comments.

    Do nothing if the warehouse was built from the same files and nothing is missing. Otherwise drop
    all views and macros and create them again, so that those without a file disappear; tables stay.
    Runs in the caller's transaction if the engine has transactional DDL. Raises `SqlError` with
    file and line.
    """
    files = _supported(connection, root)
    current = fingerprint(files, connection.dialect)
    existing = {(relation.schema, relation.name) for relation in connection.relations()}
    if _expected(files) <= existing and _stored_fingerprint(connection) == current:
        return
    connection.drop_views()
    create_raw_tables(connection)
    for schema in dict.fromkeys(SCHEMAS.values()):
        connection.execute(f"create schema if not exists {schema}")
    for file in files:
        execute_file(connection, file, lambda statement: statement.type not in _WRITE_STATEMENTS)
    _save_fingerprint(connection, current)


def update_history(connection: Connection) -> None:
    """Write the changes since the last call into `history`, in the caller's transaction.

    It is idempotent: a second call changes nothing.
    """
    for file in _supported(connection):
        execute_file(connection, file, lambda statement: statement.type in _WRITE_STATEMENTS)


def execute_file(
    connection: Connection,
    file: SqlFile,
    is_wanted: Callable[[duckdb.Statement], bool] = lambda _: True,
) -> None:
    """Execute the wanted statements of a file. Raises `SqlError` with file and line."""
    for line, statement in statements(file):
        if is_wanted(statement):
            try:
                connection.execute(statement.query)
            except QueryError as error:
                raise SqlError(locate_error(file, line, str(error))) from error


def unsupported(connection: Connection) -> tuple[str, ...]:
    """Return the macros that the engine cannot store: `("marts.blended_price", …)`."""
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
    return [
        file
        for file in in_build_order(root)
        if file.layer != "macros" or connection.supports_macros
    ]


def _expected(files: Iterable[SqlFile]) -> set[tuple[str, str]]:
    """Return schema and name of every table and view that must exist."""
    raw_tables = {("raw", table) for table in (*TABLES, *DLT_TABLES, "sql_fingerprint")}
    return raw_tables | {
        (file.address.partition(".")[0], file.path.stem) for file in files if file.layer != "macros"
    }


def _stored_fingerprint(connection: Connection) -> str:
    return str(connection.execute("select max(sha256) from raw.sql_fingerprint").rows[0][0])


def _save_fingerprint(connection: Connection, value: str) -> None:
    connection.execute("create table if not exists raw.sql_fingerprint (sha256 varchar not null)")
    connection.execute(
        "comment on table raw.sql_fingerprint is "
        "'One row: fingerprint of the definitions of all tables and views'"
    )
    connection.execute(
        "comment on column raw.sql_fingerprint.sha256 is "
        "'Hash of all definitions; views are created again when it differs'"
    )
    connection.execute("delete from raw.sql_fingerprint")
    connection.execute(f"insert into raw.sql_fingerprint (sha256) values ({sql_literal(value)})")
