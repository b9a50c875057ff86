"""Reading the published file, locked down: read-only, no other file, no network, no way to change that."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import duckdb

from llm_stats.errors import UsageError
from llm_stats.transform import files
from llm_stats.warehouse import published

#: What `show` lists, most useful first.
_SCHEMAS = ("marts", "history", "staging", "raw")


@dataclass(frozen=True)
class Table:
    """Rows with named columns; `types` are DuckDB's. `keeps_lines`: text of several lines is meant to be shown so."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    keeps_lines: bool = False

    def only(self, *columns: str) -> Table:
        """The same rows with some of the columns."""
        return self._at([self.columns.index(column) for column in columns])

    def without_blank(self) -> Table:
        """The same rows without the columns that are null in all of them."""
        return self._at([at for at in range(len(self.columns)) if not self.rows or any(row[at] is not None for row in self.rows)])

    def _at(self, places: list[int]) -> Table:
        columns, types, *rows = (tuple(row[place] for place in places) for row in (self.columns, self.types, *self.rows))
        return Table(columns, types, rows)

    def first(self, most: int) -> Table:
        """The first rows."""
        return replace(self, rows=self.rows[:most])


class Reader:
    """A read-only connection to a warehouse. Read-only alone would still let a query read any file of the machine and write others."""

    #: What `sql/` defines and this warehouse does not have.
    missing: tuple[str, ...] = ()
    #: Which engine has it and where; None for a file.
    engine_name: str | None = None

    def __init__(self, database: Path) -> None:
        """Opens the file. Raises `UsageError` if there is none, or it is no warehouse that this version knows."""
        self.database = published.path_of(database)
        published.require_file(self.database)
        try:
            self._connection = self._open()
        except duckdb.Error as error:
            raise UsageError(f"{self.database} cannot be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
        try:
            published.require_layout(self._connection, self.database)
        except UsageError:
            self.close()
            raise

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(self.database, read_only=True, config={"enable_external_access": "false"})
        connection.execute("set enable_progress_bar = false")  # it would stand in the output
        connection.execute("set lock_configuration = true")
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        """The result of a query. Raises `UsageError`, in DuckDB's words, if it cannot run."""
        try:
            with files.interruptible(self._connection):
                self._connection.execute(query, parameters)
                description = self._connection.description or []
                rows = self._connection.fetchall() if description else []
        except duckdb.Error as error:
            raise UsageError(str(error).rstrip()) from None
        return Table(distinct(column[0] for column in description), tuple(str(column[1]) for column in description), rows)

    def ask(self, query: str) -> Table:
        """The result of somebody's query. Raises `UsageError` if it is not one statement, or cannot run."""
        try:
            statements = self._connection.extract_statements(query.encode().decode())
        except UnicodeError:
            raise UsageError("the query is not text in UTF-8") from None
        except duckdb.Error as error:
            raise UsageError(str(error).rstrip()) from None
        if len(statements) != 1:
            raise UsageError(f"one statement, please; these are {len(statements)}" if statements else "the query is empty")
        return replace(self.query(query), keeps_lines=statements[0].type == duckdb.StatementType.EXPLAIN)

    def rows_of(self, name: str) -> Table:
        """The rows of a view or table, in an order that does not change."""
        schema, relation, kind = self._find(name)
        if kind == "macro":
            raise UsageError(f"{schema}.{relation} takes parameters: `llm-stats show {relation} --describe` shows them; call it with `sql`")
        return self.query(self._sorted(schema, relation))

    def require_models(self, model_ids: Sequence[str]) -> None:
        """Raises `UsageError`, with the closest ids, for a model that the warehouse does not hold."""
        known = [row[0] for row in self.query("select model_id from staging.models").rows]
        for model_id in model_ids:
            if model_id not in known:
                hint = _hint(model_id, known, "`llm-stats show models` lists those there are")
                raise UsageError(f"there is no model {model_id!r}; {hint}")

    def catalog(self) -> Table:
        """The views and macros people read, with the first sentence of what they say."""
        rows = [(name, kind, comment.split(". ")[0]) for schema, name, kind, comment in self._relations() if schema == "marts"]
        return Table(("name", "kind", "meaning"), ("VARCHAR",) * 3, rows)

    def describe(self, name: str) -> tuple[str, Table]:
        """What a view, table or macro says as a whole, and its columns with what they mean, or its parameters with their defaults."""
        schema, relation, kind = self._find(name)
        comment = next(row[3] for row in self._relations() if row[:2] == (schema, relation))
        if kind == "macro":
            parameters = self.query(
                "select unnest(parameters) from duckdb_functions() where schema_name = ? and function_name = ? limit 100",
                (schema, relation),
            )
            defaults, call = _defaults_and_call(f"{schema}.{relation}")
            rows = [(parameter, defaults.get(parameter)) for (parameter,) in parameters.rows]
            return f"{schema}.{relation}: {comment}{call}", Table(("parameter", "default"), ("VARCHAR",) * 2, rows)
        return f"{schema}.{relation}: {comment}", replace(self._columns(schema, relation), keeps_lines=True)

    def _find(self, name: str) -> tuple[str, str, str]:
        """`offers` or `marts.offers` → schema, name, kind. Raises `UsageError`, with the closest names, if there is none."""
        known = {(schema, relation): kind for schema, relation, kind, _ in self._relations()}
        schema, _, relation = name.rpartition(".")
        for candidate in [schema] if schema else _SCHEMAS:
            if (candidate, relation) in known:
                return candidate, relation, known[candidate, relation]
        names = [relation for schema, relation in known if schema == "marts"] + [".".join(pair) for pair in known]
        raise UsageError(f"there is no view {name!r}; {_hint(name, names, '`llm-stats show` lists what there is')}")

    def _relations(self) -> list[tuple[str, str, str, str]]:
        """Schema, name, kind and comment of all views, tables and macros, the most useful first."""
        order = {schema: place for place, schema in enumerate(_SCHEMAS)}
        return sorted(found for found in self._known() if found[0] in order and not found[1].startswith("_dlt"))

    def _sorted(self, schema: str, relation: str) -> str:
        """The query for all rows of a relation, in an order that does not change."""
        return f'select * from {schema}."{relation}" order by all'

    def _columns(self, schema: str, relation: str) -> Table:
        """The columns of a relation: `column, type, meaning`."""
        return self.query(
            """
            select column_name as "column", lower(data_type) as "type", comment as meaning
            from duckdb_columns() where schema_name = ? and table_name = ? order by column_index limit 1000
            """,
            (schema, relation),
        )

    def _known(self) -> list[tuple[str, str, str, str]]:
        """Schema, name, kind and comment of what there is, whoever made it."""
        return self.query(
            """
            select schema_name, view_name, 'view', coalesce(comment, '') from duckdb_views() where not internal
            union all
            select schema_name, table_name, 'table', coalesce(comment, '') from duckdb_tables() where not internal
            union all
            select distinct schema_name, function_name, 'macro', coalesce(comment, '')
            from duckdb_functions() where function_type in ('macro', 'table_macro') and not internal
            """
        ).rows


def _hint(name: str, known: list[str], otherwise: str) -> str:
    """`did you mean offers?`, or where to look if nothing is close."""
    close = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def _defaults_and_call(macro: str) -> tuple[dict[str, str], str]:
    """The defaults of a macro's parameters and an example of a call, from its file: DuckDB itself does not keep them."""
    text = next((file.text for file in files.files("macros") if file.address == macro), "")
    signature = re.search(r"^create or replace macro .*", text, re.MULTILINE)
    call = re.search(r"`[^`]*`", text.split("\n")[0])
    return dict(re.findall(r"(\w+) := ([^,)]+)", signature[0] if signature else "")), f". For example: {call[0]}" if call else ""


def placeholders(values: Sequence[object]) -> str:
    """A place for each of some values in a query: `?, ?`."""
    return ", ".join("?" * len(values))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """`a, a` → `a, a_1`, as DuckDB names the columns of a table made of them: under one name, one of the two would be lost."""
    taken: dict[str, None] = {}
    for name in names:
        free, again = name, 0
        while free in taken:
            again += 1
            free = f"{name}_{again}"
        taken[free] = None
    return tuple(taken)
