"""Reading the published file, locked down: read-only, no other file, no network, no way to change that."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from llm_stats.errors import UsageError

#: What `show` lists, most useful first.
_SCHEMAS = ("marts", "history", "staging", "raw")


@dataclass(frozen=True)
class Table:
    """Rows with named columns; `types` are DuckDB's."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def only(self, *columns: str) -> Table:
        """The same rows with some of the columns."""
        places = [self.columns.index(column) for column in columns]
        return Table(columns, tuple(self.types[place] for place in places), [tuple(row[place] for place in places) for row in self.rows])


class Reader:
    """A read-only connection to a warehouse. Read-only alone would still let a query read any file of the machine and write others."""

    def __init__(self, database: Path) -> None:
        if not database.exists():
            raise UsageError(
                f"{database} does not exist; make it with `llm-stats run` or `llm-stats demo`, or name another with --database"
            )
        try:
            self._connection = duckdb.connect(
                database, read_only=True, config={"enable_external_access": "false", "lock_configuration": "true"}
            )
        except duckdb.Error as error:
            raise UsageError(f"{database} cannot be opened as a DuckDB database: {str(error).splitlines()[0]}") from None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        """The result of a query. Raises `UsageError`, in DuckDB's words, if it cannot run."""
        try:
            self._connection.execute(query, parameters)
            description = self._connection.description or []
            rows = self._connection.fetchall() if description else []
        except duckdb.Error as error:
            raise UsageError(str(error).rstrip()) from None
        return Table(tuple(column[0] for column in description), tuple(str(column[1]) for column in description), rows)

    def rows_of(self, name: str, limit: int | None) -> Table:
        """The rows of a view or table."""
        schema, relation, kind = self._find(name)
        if kind == "macro":
            raise UsageError(f"{schema}.{relation} takes parameters: `llm-stats show {relation} --describe` shows them; call it with `sql`")
        return self.query(f'select * from {schema}."{relation}"' + " order by all" + (f" limit {limit:d}" if limit is not None else ""))

    def require_models(self, model_ids: Sequence[str]) -> None:
        """Raises `UsageError`, with the closest ids, for a model that the warehouse does not hold."""
        known = [row[0] for row in self.query("select model_id from staging.models").rows]
        for model_id in model_ids:
            if model_id not in known:
                close = difflib.get_close_matches(model_id, known, n=3)
                hint = f"did you mean {' or '.join(close)}?" if close else "`llm-stats show models` lists those there are"
                raise UsageError(f"there is no model {model_id!r}; {hint}")

    def catalog(self) -> Table:
        """The views and macros people read, with one line each."""
        rows = [(name, kind, comment) for schema, name, kind, comment in self._relations() if schema == "marts"]
        return Table(("name", "kind", "meaning"), ("VARCHAR",) * 3, rows)

    def describe(self, name: str) -> tuple[str, Table]:
        """What a view, table or macro says as a whole, and its columns or parameters with what they mean."""
        schema, relation, kind = self._find(name)
        comment = next(row[3] for row in self._relations() if row[:2] == (schema, relation))
        if kind == "macro":
            columns = self.query(
                """select unnest(parameters) as parameter from duckdb_functions() where schema_name = ? and function_name = ? limit 100""",
                (schema, relation),
            )
        else:
            columns = self.query(
                """
                select column_name as "column", lower(data_type) as "type", comment as meaning
                from duckdb_columns() where schema_name = ? and table_name = ? order by column_index limit 1000
                """,
                (schema, relation),
            )
        return f"{schema}.{relation}: {comment}", columns

    def _find(self, name: str) -> tuple[str, str, str]:
        """`offers` or `marts.offers` → schema, name, kind. Raises `UsageError`, with the closest names, if there is none."""
        known = {(schema, relation): kind for schema, relation, kind, _ in self._relations()}
        schema, _, relation = name.rpartition(".")
        for candidate in [schema] if schema else _SCHEMAS:
            if (candidate, relation) in known:
                return candidate, relation, known[candidate, relation]
        names = [relation for schema, relation in known if schema == "marts"] + [".".join(pair) for pair in known]
        close = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "`llm-stats show` lists what there is"
        raise UsageError(f"there is no view {name!r}; {hint}")

    def _relations(self) -> list[tuple[str, str, str, str]]:
        """Schema, name, kind and comment of all views, tables and macros."""
        rows = self.query(
            """
            select schema_name, view_name, 'view', coalesce(comment, '') from duckdb_views() where not internal
            union all
            select schema_name, table_name, 'table', coalesce(comment, '') from duckdb_tables() where not internal
            union all
            select distinct schema_name, function_name, 'macro', coalesce(comment, '')
            from duckdb_functions() where function_type in ('macro', 'table_macro') and not internal
            """
        ).rows
        order = {schema: place for place, schema in enumerate(_SCHEMAS)}
        return sorted(
            (schema, name, kind, comment) for schema, name, kind, comment in rows if schema in order and not name.startswith("_dlt")
        )
