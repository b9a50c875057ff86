"""Guard of the table macros: a macro of an attached database never reads another database.

DuckDB resolves the table names in a macro when the macro is called, in the default database of the
caller. After `attach 'backup.duckdb' as old`, `from old.marts.workload_cost(1, 1)` would read
`marts.offers` of the default database. (Names in a view are resolved in the view's own database.)

Therefore each run stores a new id in `history.snapshot`, and creates the table macros with this id.
A guarded macro raises an error if `history.snapshot` contains a different id. Engines without
macros need no guard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from llm_stats.connection import Connection, QueryError
from llm_stats.text import sql_literal
from llm_stats.transform.files import SqlError, SqlFile, locate_error, statements

_TABLE_MACRO = re.compile(r"create or replace macro [^;]*?\) as table\b")
_MESSAGE = (
    "a table macro of an attached database cannot run: it would read the tables of the default "
    "database; run `use old`, or `set search_path = 'old.marts,old.staging,old.history'`, where "
    "old is the name in `attach … as old`"
)


def guard_macros(connection: Connection, files: Iterable[SqlFile], snapshot_id: str) -> None:
    """Store the id in `history.snapshot`, and recreate the table macros of `marts` with a guard.

    The macros of `staging` have no guard, because DuckDB takes up to 70 ms to recreate a macro.
    Raises `SqlError` with file and line.
    """
    connection.execute("delete from history.snapshot")
    connection.execute(
        f"insert into history.snapshot (snapshot_id) values ({sql_literal(snapshot_id)})"
    )
    for file in files if connection.supports_macros else ():
        if is_guarded(file):
            _create_guarded(connection, file, snapshot_id)


def is_guarded(file: SqlFile) -> bool:
    """Return whether the file defines a table macro of `marts`."""
    return file.layer == "macros" and _TABLE_MACRO.search(file.text) is not None


def _create_guarded(connection: Connection, file: SqlFile, snapshot_id: str) -> None:
    """Create the macro of a file with a guard, and set the comments of the macro."""
    for line, statement in statements(file):
        query = statement.query.strip().removesuffix(";")
        if head := _TABLE_MACRO.search(query):
            body = query[head.end() :]
            query = f"{query[: head.end()]}\nfrom ({body}\n) as guarded where {_guard(snapshot_id)}"
        try:
            connection.execute(query)
        except QueryError as error:
            raise SqlError(locate_error(file, line, str(error))) from error


def _guard(snapshot_id: str) -> str:
    """Return an SQL condition that raises an error unless `history.snapshot` contains the id.

    DuckDB evaluates the condition even if the guarded query has no rows. `max` returns a row even
    if `history.snapshot` is empty.
    """
    return (
        f"(select case when max(snapshot_id) = {sql_literal(snapshot_id)} then true "
        f"else error({sql_literal(_MESSAGE)}) end from history.snapshot)"
    )
