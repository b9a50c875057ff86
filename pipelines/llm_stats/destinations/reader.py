"""Reading a warehouse from another engine: as a file is read, but for what is DuckDB's own."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import sqlglot
from sqlglot.errors import SqlglotError

from llm_stats.destinations import apply
from llm_stats.destinations.connection import Destination, DestinationConnection, DestinationError
from llm_stats.errors import UsageError
from llm_stats.schema.tables import TABLE_COMMENTS, TABLES
from llm_stats.table import Table
from llm_stats.transform import files
from llm_stats.warehouse.reader import Reader

#: How a query begins that reads tables: `copy` writes files of the server or starts programs there, even in a read-only transaction.
READ_ONLY_KEYWORDS = ("select", "with", "from", "values", "table", "explain", "show", "describe", "summarize", "pivot", "(")


class DestinationReader(Reader):
    """What one session sees. Queries are DuckDB's and translated, but for those that somebody asks: they are the engine's own."""

    def __init__(self, session: DestinationConnection, database: Path) -> None:
        self.database = database
        self.engine_name = session.engine.name
        self.unsupported = apply.unsupported(session.engine)
        self._session = session
        self._open_session = ExitStack()

    @classmethod
    def of(cls, engine: Destination, database: Path) -> Self:
        """Opens what is published, as it is at this moment, read-only. Raises `UsageError`."""
        with ExitStack() as stack:
            session = stack.enter_context(engine.session(read_only=True))
            apply.require_own_schemas(session)
            session.begin()
            if engine.dialect == "postgres":
                session.execute_native("set transaction isolation level repeatable read, read only")
            if apply.schema_version(session) is None:
                raise UsageError(f"{engine.name}: no run has been published there yet; start one with `llm-stats run`")
            reader = cls(session, database)
            reader._open_session = stack.pop_all()
        return reader

    def close(self) -> None:
        self._open_session.close()

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        """The result of a query. Raises `UsageError`, in the engine's words, if it cannot run."""
        try:
            return self._session.execute(query, parameters)
        except DestinationError as error:
            raise UsageError(str(error)) from None

    def execute_user_query(self, query: str) -> Table:
        """The result of somebody's query, in the engine's own dialect. Raises `UsageError` if it is not one statement, or cannot run."""
        engine = self._session.engine
        begins = _first_keyword(query, engine.dialect)
        try:
            answer = self._session.execute_user_query(query)
        except DestinationError as error:
            raise UsageError(str(error)) from None
        if engine.is_lake:  # DuckDB tells the address of its catalog to who asks
            said = [tuple(engine.without_passwords(part) if "://" in str(part) else part for part in row) for row in answer.rows]
            answer = replace(answer, rows=said)
        return replace(answer, multiline=begins == "explain")

    def _sorted(self, schema: str, relation: str) -> str:
        sortable = [f'"{name}"' for name, kind, _ in self._columns(schema, relation).rows if kind != "json"]
        return f'select * from {schema}."{relation}" order by {", ".join(sortable)}'

    def _columns(self, schema: str, relation: str) -> Table:
        found = self.query(
            """
            select column_name as "column", data_type as "type" from information_schema.columns
            where table_catalog = current_database() and table_schema = ? and table_name = ? order by ordinal_position
            """,
            (schema, relation),
        )
        says = _comments()
        rows = [(name, kind.lower(), says.get(f"{schema}.{relation}.{name}")) for name, kind in found.rows]
        return Table(("column", "type", "meaning"), ("VARCHAR",) * 3, rows)

    def _list_relations(self) -> list[tuple[str, str, str, str]]:
        says = _comments()
        return [(schema, name, kind, says.get(f"{schema}.{name}", "")) for schema, name, kind in apply.relations(self._session)]


def _first_keyword(query: str, dialect: str) -> str:
    """The first word of a question. Raises `UsageError` for what is none, or more than one statement."""
    try:
        tokens = sqlglot.tokenize(query, read=dialect)
    except SqlglotError as error:
        raise UsageError(str(error).splitlines()[0]) from None
    ends = [place for place, token in enumerate(tokens) if token.text == ";" and token.token_type.name == "SEMICOLON"]
    if not tokens or (ends and ends[0] < len(tokens) - 1):
        raise UsageError("one statement, please; these are several" if tokens else "the query is empty")
    begins = tokens[0].text.lower()
    carries_out = begins == "explain" and re.search(r"\b(copy|export)\b", query, re.IGNORECASE)  # with `analyze` it does
    if begins not in READ_ONLY_KEYWORDS or carries_out:
        raise UsageError(f"only questions, please: a query that begins with {', '.join(READ_ONLY_KEYWORDS)}")
    return begins


@functools.cache
def _comments() -> dict[str, str]:
    """What each table, view and column means: not every engine keeps comments."""
    tables = {f"raw.{table}": comment for table, comment in TABLE_COMMENTS.items()}
    return files.comments() | tables | {f"raw.{table}.{column.name}": column.description for table in TABLES for column in TABLES[table]}
