"""Apply the files under `sql/`: create views, update history, and the fingerprint of what was applied."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from llm_stats.connection import Connection
from llm_stats.schema.tables import DLT_TABLES, TABLE_COMMENTS, TABLES
from llm_stats.text import sql_literal
from llm_stats.transform.files import _SCHEMAS, SqlError, SqlFile, in_build_order, locate_error, statements

#: The digest that is noted, if one is.
FINGERPRINT_QUERY = "select max(sha256) from raw.sql_fingerprint"


def fingerprint(files: Iterable[SqlFile], dialect: str) -> str:
    """A text that changes with the files, the raw tables and the dialect."""
    said = (dialect, TABLES, DLT_TABLES, TABLE_COMMENTS, [(file.address, file.text) for file in files])
    return hashlib.sha256(repr(said).encode()).hexdigest()


def save_fingerprint(connection: Connection, digest: str) -> None:
    """Notes what the definitions were made from; in a transaction of the caller's."""
    connection.execute("create table if not exists raw.sql_fingerprint (sha256 varchar not null)")
    connection.execute("comment on table raw.sql_fingerprint is 'One row: what the tables and views of this warehouse were made from'")
    connection.execute("comment on column raw.sql_fingerprint.sha256 is 'Hash of all definitions; the same hash: nothing to define anew'")
    connection.execute("delete from raw.sql_fingerprint")
    connection.execute(f"insert into raw.sql_fingerprint (sha256) values ({sql_literal(digest)})")


#: What writes into tables; all else defines or explains.
WRITE_STATEMENTS = (duckdb.StatementType.INSERT, duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE)


def create_views(connection: duckdb.DuckDBPyConnection, root: Path | None = None) -> None:
    """Makes the views, macros and empty tables that the files define, and explains them; in a transaction of the caller's.

    Views and macros are made anew, so one whose file is gone disappears; a table that is there stays as it is. The raw tables must be
    there. Raises `SqlError`, naming file and line.
    """
    ordered = in_build_order(root)
    for schema in ("staging", "marts"):
        connection.execute(f"drop schema if exists {schema} cascade")
    for schema in dict.fromkeys(_SCHEMAS.values()):
        connection.execute(f"create schema if not exists {schema}")
    _execute_files(connection, ordered, lambda statement: statement.type not in WRITE_STATEMENTS)


def update_history(connection: duckdb.DuckDBPyConnection) -> None:
    """Writes into `history` what the raw tables say since the last time; in a transaction of the caller's. Twice is once."""
    _execute_files(connection, in_build_order(), lambda statement: statement.type in WRITE_STATEMENTS)


def _execute_files(connection: duckdb.DuckDBPyConnection, files: list[SqlFile], is_meant: Callable[[duckdb.Statement], bool]) -> None:
    for file in files:
        for line, statement in statements(file):
            if is_meant(statement):
                try:
                    connection.execute(statement.query)
                except duckdb.Error as error:
                    raise SqlError(locate_error(file, line, error)) from None
