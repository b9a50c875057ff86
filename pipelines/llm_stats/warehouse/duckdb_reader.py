"""Readers of a DuckDB file: restricted for users, materialized for the checks."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from llm_stats.connection import DuckDBConnection, QueryError, interruptible
from llm_stats.errors import UsageError
from llm_stats.files import normalize_path
from llm_stats.table import Table
from llm_stats.text import format_command, sql_literal
from llm_stats.transform.files import SqlFile, in_build_order
from llm_stats.transform.migrate import require_current, require_migratable, schema_version
from llm_stats.user_query import MAX_RESULT_BYTES, require_query, restrict
from llm_stats.warehouse.reader import SCHEMAS, Described, Reader, as_usage_error
from llm_stats.warehouse.snapshot import files_folder, has_snapshots


class DuckDBReader(Reader):
    """A read-only DuckDB connection that cannot access other files or the network.

    Without this restriction, a query could read and write other files, although the database is
    open read-only. Before a user's query, the configuration is locked, so that the query cannot
    lift the restriction.
    """

    def __init__(self, database: Path, *, accept_older: bool = False) -> None:
        """Open the file. `accept_older` accepts every schema version that can be migrated.

        Raises `UsageError` if the file does not exist, is not a warehouse, or has a schema version
        that this code cannot read.
        """
        self.database = normalize_path(database)
        require_file(self.database)
        try:
            self._connection = self._open()
        except duckdb.Error as error:
            raise cannot_open(self.database, error) from None
        try:
            self._require_version(accept_older)
        except UsageError:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        with as_usage_error(), interruptible(self._connection):
            return DuckDBConnection(self._connection).execute(query, parameters)

    def execute_user_query(self, query: str) -> Table:
        is_explain = require_query(query, self._connection)
        connection = DuckDBConnection(self._connection)
        with as_usage_error(), interruptible(self._connection):
            restrict(connection.execute)
            table = connection.execute(query, max_bytes=MAX_RESULT_BYTES)
        return replace(table, multiline=is_explain)

    @contextmanager
    def materialized(self) -> Iterator[Reader]:
        with MaterializedReader(self.database) as reader:
            yield reader

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            self.database, read_only=True, config={"enable_external_access": "false"}
        )
        connection.execute("set enable_progress_bar = false")  # the bar would mix with the output
        return connection

    def _require_version(self, accept_older: bool) -> None:
        try:
            version = schema_version(DuckDBConnection(self._connection))
        except QueryError:
            version = None
        if version is None:
            raise UsageError(
                f"{self.database} is a DuckDB database but not an llm-stats warehouse; "
                f"{remedy(self.database)}"
            )
        if accept_older:
            require_migratable(version, str(self.database))
        else:
            require_current(version, str(self.database), self.database)

    def _list(self) -> list[Described]:
        query = """
            select schema_name, view_name, 'view', coalesce(comment, '')
            from duckdb_views()
            union all
            select schema_name, table_name, 'table', coalesce(comment, '')
            from duckdb_tables()
            union all
            select distinct schema_name, function_name, 'macro', coalesce(comment, '')
            from duckdb_functions() where not internal
        """
        return [Described(*row) for row in self.query(query).rows]

    def _columns(self, schema: str, relation: str) -> Table:
        return self.query(
            """
            select column_name as "column", lower(data_type) as "type", comment as meaning
            from duckdb_columns() where schema_name = ? and table_name = ?
            order by column_index limit 1000
            """,
            (schema, relation),
        )


class MaterializedReader(DuckDBReader):
    """A reader that stores views as tables in memory: the marts, and some staging views.

    The checks query each mart many times, and marts read other marts. With tables, each mart is
    planned and computed only once. Staging views that read only raw tables stay views, because
    copying their rows would take memory. With `load_id`, the reader shows only the models that this
    load wrote.
    """

    def __init__(self, database: Path, load_id: str | None = None) -> None:
        self._load_id = load_id
        super().__init__(database)

    @contextmanager
    def materialized(self) -> Iterator[Reader]:
        yield self

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"preserve_insertion_order": "false"})
        connection.execute(f"attach {sql_literal(str(self.database))} as file (read_only)")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}")
        tables = """
            select schema_name, table_name from duckdb_tables()
            where database_name = 'file' and schema_name in ('raw', 'history')
        """
        conditions = _conditions_of_load(connection, self._load_id) if self._load_id else {}
        for schema, name in connection.execute(tables).fetchall():
            source = f'file.{schema}."{name}" {conditions.get((schema, name), "")}'
            connection.execute(f'create view {schema}."{name}" as from {source}')
        views = """
            select schema_name || '.' || view_name, sql from duckdb_views()
            where database_name = 'file'
        """
        definitions = dict(connection.execute(views).fetchall())
        functions = """
            select
                schema_name || '.' || function_name,
                'create macro ' || schema_name || '.' || function_name
                || '(' || array_to_string(parameters, ', ') || ') as '
                || case when function_type = 'table_macro' then 'table ' else '' end
                || macro_definition
            from duckdb_functions() where database_name = 'file' and schema_name = 'staging'
        """
        definitions |= dict(connection.execute(functions).fetchall())
        layers = ("functions", "staging", "marts")
        files = [file for file in in_build_order() if file.layer in layers]
        for file in files:
            if file.address not in definitions:
                raise UsageError(
                    f"{self.database} has no {file.address}: another version built its views; "
                    f"run {self.command('run')} once"
                )
        for file in files:
            definition = definitions[file.address]
            if file.layer == "marts" or (file.layer == "staging" and _reads_views(file)):
                definition = "CREATE TABLE" + definition.removeprefix("CREATE VIEW")
            connection.execute(definition)
        return connection


def _reads_views(file: SqlFile) -> bool:
    return any(address.startswith("staging.") for address in file.declared("Reads").split(", "))


def _conditions_of_load(
    connection: duckdb.DuckDBPyConnection, load_id: str
) -> dict[tuple[str, str], str]:
    """Return, by schema and table, the `where` clause for the models that one load wrote."""
    models = """
        create temp table loaded_models as
        select model_id from file.history.models where ? in (offers_load_id, scores_load_id)
        union
        select model_id from file.history.listings where load_id = ?
    """
    connection.execute(models, [load_id, load_id])
    keys = """
        select schema_name, table_name, column_name from duckdb_columns()
        where
            database_name = 'file'
            and (
                column_name = 'model_id'
                or (column_name = 'id' and table_name in ('models', 'catalog_models'))
            )
    """
    return {
        (schema, table): f"where {column} in (select model_id from temp.loaded_models)"
        for schema, table, column in connection.execute(keys).fetchall()
    }


def require_file(database: Path) -> None:
    """Raise `UsageError`, with a hint, if there is no file to open."""
    try:
        if database.is_dir():
            raise UsageError(
                f"{database} is a folder; name a file, such as {database / 'llm_stats.duckdb'}"
            )
        if not database.exists():
            raise UsageError(_describe_missing(database))
        if not database.is_file():
            raise UsageError(f"{database} is not a file; name another file")
    except OSError as error:
        raise UsageError(f"{database} cannot be read: {error.strerror}") from None


def cannot_open(database: Path, error: Exception, opened: Path | None = None) -> UsageError:
    """Return the error for a file that DuckDB cannot open.

    DuckDB's message contains the resolved path of `opened`, by default of `database`. Users know
    only `database`, so its name replaces the path.
    """
    path = str((opened or database).resolve())
    cause = str(error).splitlines()[0].replace(path, database.name).rstrip("!")
    return UsageError(
        f"{database} cannot be opened as a DuckDB database: {cause}; {remedy(database)}"
    )


def remedy(database: Path) -> str:
    """Return the advice for a published file that cannot be used."""
    if has_snapshots(database):
        return f"run {format_command('rollback', database)}, or restore a backup"
    return "name another file"


def _describe_missing(database: Path) -> str:
    """Return the message for a path that is missing or is a broken link. Raises `OSError`."""
    is_link = database.is_symlink()
    problem = f"links to {database.readlink()}, which does not exist" if is_link else "is missing"
    if has_snapshots(database):
        folder = files_folder(database)
        return (
            f"{database} {problem}, but its snapshots are in {folder}; "
            f"run {format_command('rollback', database)} to restore the newest, "
            f"or remove {folder} to start over"
        )
    if is_link:
        # the link must be removed first, because `cp` rejects a broken link as its target
        return (
            f"{database} {problem}; remove the link with `rm {shlex.quote(str(database))}`, then "
            f"copy a backup to that path, or start over with {format_command('run', database)}"
        )
    return (
        f"{database} does not exist; create it with {format_command('run', database)}, "
        "or name another file, such as llm_stats_demo.duckdb, which `llm-stats demo` creates"
    )
