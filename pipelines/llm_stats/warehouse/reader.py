"""Reading the published file, locked down: read-only, no other file, no network, no way to change that."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import duckdb

from llm_stats.connection import interruptible
from llm_stats.errors import UsageError
from llm_stats.files import normalize_path
from llm_stats.table import Table, unique_column_names
from llm_stats.text import sql_literal
from llm_stats.transform import files
from llm_stats.transform.files import macro_defaults_and_call
from llm_stats.transform.migrate import require_schema_version

#: What `show` lists, most useful first.
_SCHEMAS = ("marts", "history", "staging", "raw")


class Reader:
    """A read-only connection to a warehouse. Read-only alone would still let a query read any file of the machine and write others."""

    #: What `sql/` defines and this warehouse does not have.
    unsupported: tuple[str, ...] = ()
    #: Which engine has it and where; None for a file.
    engine_name: str | None = None

    def __init__(self, database: Path) -> None:
        """Opens the file. Raises `UsageError` if there is none, or it is no warehouse that this version knows."""
        self.database = normalize_path(database)
        require_file(self.database)
        try:
            self._connection = self._open()
        except duckdb.Error as error:
            raise UsageError(f"{self.database} cannot be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
        try:
            require_schema_version(self._connection, self.database)
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
            with interruptible(self._connection):
                self._connection.execute(query, parameters)
                description = self._connection.description or []
                rows = self._connection.fetchall() if description else []
        except duckdb.Error as error:
            raise UsageError(str(error).rstrip()) from None
        return Table(unique_column_names(column[0] for column in description), tuple(str(column[1]) for column in description), rows)

    def execute_user_query(self, query: str) -> Table:
        """The result of somebody's query. Raises `UsageError` if it is not one statement, or cannot run."""
        try:
            statements = self._connection.extract_statements(query.encode().decode())
        except UnicodeError:
            raise UsageError("the query is not text in UTF-8") from None
        except duckdb.Error as error:
            raise UsageError(str(error).rstrip()) from None
        if len(statements) != 1:
            raise UsageError(f"one statement, please; these are {len(statements)}" if statements else "the query is empty")
        return replace(self.query(query), multiline=statements[0].type == duckdb.StatementType.EXPLAIN)

    def fetch_table(self, name: str) -> Table:
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
            defaults, call = macro_defaults_and_call(f"{schema}.{relation}")
            rows = [(parameter, defaults.get(parameter)) for (parameter,) in parameters.rows]
            return f"{schema}.{relation}: {comment}{call}", Table(("parameter", "default"), ("VARCHAR",) * 2, rows)
        return f"{schema}.{relation}: {comment}", replace(self._columns(schema, relation), multiline=True)

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
        return sorted(found for found in self._list_relations() if found[0] in order and not found[1].startswith("_dlt"))

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

    def _list_relations(self) -> list[tuple[str, str, str, str]]:
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


def placeholders(values: Sequence[object]) -> str:
    """A place for each of some values in a query: `?, ?`."""
    return ", ".join("?" * len(values))


class MaterializedReader(Reader):
    """A warehouse whose marts are tables in memory: the checks ask each of them many times, and marts build on one another."""

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"preserve_insertion_order": "false"})
        connection.execute(f"attach {sql_literal(str(self.database))} as file (read_only)")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        for schema in ("raw", "staging", "history", "marts"):
            connection.execute(f"create schema {schema}")
        tables = "select schema_name, table_name from duckdb_tables() where database_name = 'file' and schema_name in ('raw', 'history')"
        for schema, name in connection.execute(tables).fetchall():
            connection.execute(f'create view {schema}."{name}" as from file.{schema}."{name}"')
        views = "select schema_name || '.' || view_name, sql from duckdb_views() where database_name = 'file'"
        definitions = dict(connection.execute(views).fetchall())
        for address in (file.address for file in files.in_build_order() if file.layer in ("staging", "marts")):
            if address not in definitions:
                raise UsageError(f"{self.database} has no {address}, so it is of another version; the next run makes its views anew")
            definition = definitions[address]
            connection.execute(definition.replace("CREATE VIEW", "CREATE TABLE", 1) if address.startswith("marts.") else definition)
        return connection


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
