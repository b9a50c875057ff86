"""Apply the files under `sql/` to a warehouse: create tables, views and macros; update the history."""

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

#: Statements that write rows; all others define or comment.
_WRITE_STATEMENTS = (
    duckdb.StatementType.INSERT,
    duckdb.StatementType.UPDATE,
    duckdb.StatementType.DELETE,
)


def create_views(connection: Connection, root: Path | None = None) -> None:
    """Create the raw tables, the views and macros, and the empty history tables, with their comments.

    Does nothing if the warehouse was built from the same files and nothing is missing. Otherwise views and macros are
    created again, which drops those whose file is gone; tables stay. The caller's transaction, if the engine has
    transactional DDL. Raises `SqlError` with file and line.
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
    """Write what changed since the last call into `history`, in the caller's transaction. A second call changes nothing."""
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
    """Return what the files define and the engine cannot hold: `("marts.blended_price", …)`."""
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
    own = {("raw", table) for table in (*TABLES, *DLT_TABLES, "sql_fingerprint")}
    return own | {
        (file.address.partition(".")[0], file.path.stem) for file in files if file.layer != "macros"
    }


def _stored_fingerprint(connection: Connection) -> str:
    return str(connection.execute("select max(sha256) from raw.sql_fingerprint").rows[0][0])


def _save_fingerprint(connection: Connection, value: str) -> None:
    connection.execute("create table if not exists raw.sql_fingerprint (sha256 varchar not null)")
    connection.execute(
        "comment on table raw.sql_fingerprint is 'One row: what the tables and views of this warehouse were built from'"
    )
    connection.execute(
        "comment on column raw.sql_fingerprint.sha256 is 'Hash of all definitions; views are created again when it differs'"
    )
    connection.execute("delete from raw.sql_fingerprint")
    connection.execute(f"insert into raw.sql_fingerprint (sha256) values ({sql_literal(value)})")
