"""Database for tests of the history: all objects are created once, and runs only write rows."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb
from llm_stats.connection import transaction
from llm_stats.schema import tables
from llm_stats.transform import files
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
        raw = RawTables(connection)
        raw.apply()
        yield raw


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
    """
    connection = raw.connection.cursor()
    connection.execute("attach ':memory:' as stored")
    for schema in {"raw", *files.SCHEMAS.values()}:
        connection.execute(f"create schema stored.{schema}")
    for schema, name in connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'memory'"
    ).fetchall():
        connection.execute(f"create table stored.{schema}.{name} as from {schema}.{name}")
    connection.execute("use stored")
    for file in files.in_build_order():
        if file.layer != "history":
            statement = next(files.statements(file))[1].query
            connection.execute(re.sub("create or replace view", "create table", statement))
    try:
        yield RawTables(connection, is_defined=True)
    finally:
        connection.execute("use memory")
        connection.execute("detach stored")
