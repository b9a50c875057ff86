"""Database for tests of the history: all objects are created once, and runs only write rows."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from llm_stats.schema import tables
from llm_stats.transform import files
from support.raw_tables import RawTables

_WRITING = {duckdb.StatementType.INSERT, duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE}


@functools.cache
def _history_files() -> list[files.SqlFile]:
    return [file for file in files.in_build_order() if file.layer == "history"]


@functools.cache
def _statements() -> list[str]:
    """Return the statements of `sql/history/*.sql` that write rows."""
    return [
        statement.query
        for file in _history_files()
        for statement in duckdb.extract_statements(file.text)
        if statement.type in _WRITING
    ]


def write_history(connection: duckdb.DuckDBPyConnection) -> None:
    connection.begin()
    for statement in _statements():
        connection.execute(statement)
    connection.commit()


@contextmanager
def built() -> Iterator[RawTables]:
    """Yield a database with empty raw tables and everything under `sql/`."""
    with duckdb.connect(config={"threads": 1}) as connection:
        raw = RawTables(connection)
        raw.apply()
        yield raw


def empty(raw: RawTables) -> None:
    """Delete all rows of the raw and history tables."""
    for table in (
        *(f"raw.{table}" for table in tables.TABLES),
        *(file.address for file in _history_files()),
    ):
        raw.connection.execute(f"truncate {table}")
