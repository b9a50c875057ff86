"""Database for tests of the history: all objects are created once, and runs only write rows."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import duckdb
from llm_stats.connection import transaction
from llm_stats.schema import tables
from llm_stats.transform import files
from support import new_warehouse
from support.raw_tables import RawTables

_WRITING = {duckdb.StatementType.INSERT, duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE}


@functools.cache
def _history_files() -> list[files.SqlFile]:
    return [file for file in files.in_build_order() if file.layer == "history"]


@functools.cache
def _statements() -> dict[str, list[str]]:
    """Return the statements under `sql/history/` that write rows, by table."""
    return {
        file.address: [
            statement.query
            for statement in duckdb.extract_statements(file.text)
            if statement.type in _WRITING
        ]
        for file in _history_files()
    }


@functools.cache
def _reads() -> dict[str, list[str]]:
    """Return the relations that each file under `sql/` reads, as its header declares them."""
    return {file.address: file.declared("Reads").split(", ") for file in files.in_build_order()}


def write_history(raw: RawTables, *, read_by: Iterable[str] | None = None) -> None:
    """Update the history tables that the relations `read_by` need; by default all tables.

    An update of all tables takes 50 ms, much longer than most queries of a test.
    """
    required = _statements().keys() if read_by is None else _with_sources(read_by)
    with transaction(raw.connection):
        for table, statements in _statements().items():
            for statement in statements if table in required else ():
                raw.prepared.execute(statement)


def _with_sources(relations: Iterable[str]) -> set[str]:
    """Return the relations and everything that they read, directly or through other relations."""
    found: set[str] = set()
    remaining = list(relations)
    while remaining:
        relation = remaining.pop()
        if relation not in found:
            found.add(relation)
            remaining += _reads().get(relation, ())
    return found


@contextmanager
def built() -> Iterator[RawTables]:
    """Yield a database with empty raw tables and everything under `sql/`."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"attach '{new_warehouse.empty_file()}' as file (read_only)")
        connection.execute("copy from database file to memory")
        connection.execute("detach file")
        yield RawTables(connection, is_defined=True)


def empty(raw: RawTables) -> None:
    """Delete all rows of the raw and history tables, except the id of the snapshot."""
    for table in (
        *(f"raw.{table}" for table in (*tables.TABLES, *tables.DLT_TABLES)),
        *(file.address for file in _history_files()),
    ):
        if table != "history.snapshot":
            raw.prepared.execute(f"delete from {table}")


@contextmanager
def stored_views(raw: RawTables) -> Iterator[RawTables]:
    """Yield a copy of the database in which each view is stored as a table.

    Tests that read every view are faster with the copy, because each view is computed only once.
    A database has one copy, which is filled again each time.
    """
    copy = _copies.get(raw) or _copies.setdefault(raw, StoredViews(raw))
    copy.fill()
    yield copy.tables


class StoredViews:
    """Tables with the rows of all relations of a database, in an attached database."""

    def __init__(self, raw: RawTables) -> None:
        """Create the tables without rows."""
        connection = raw.connection.cursor()
        self.tables = RawTables(connection, is_defined=True)
        self._queries: dict[str, str] = {}
        connection.execute("attach ':memory:' as stored")
        for schema in {"raw", *files.SCHEMAS.values()}:
            connection.execute(f"create schema stored.{schema}")
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'memory'"
        ).fetchall():
            table = f"{schema}.{name}"
            self._queries[table] = f"from memory.{table}"
            connection.execute(f"create table stored.{table} as from {table} limit 0")
        connection.execute("use stored")
        for file in files.in_build_order():
            if file.layer != "history":
                statement = next(files.statements(file))[1].query
                definition = f"create or replace view {file.address} as"
                if file.is_relation:
                    self._queries[file.address] = statement.replace(definition, "")
                connection.execute(statement.replace(definition, f"create table {file.address} as"))

    def fill(self) -> None:
        """Replace all rows; DuckDB plans each statement once."""
        for table, query in self._queries.items():
            self.tables.prepared.execute(f"delete from {table}")
            self.tables.prepared.execute(f"insert into {table} {query}")


_copies: WeakKeyDictionary[RawTables, StoredViews] = WeakKeyDictionary()
