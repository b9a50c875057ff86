"""Tables with a few rows, on which a test runs one query of the project.

A query reads names such as `marts.offers`. Here these names are tables instead of views, so that a
test states the exact input of the query.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa
from llm_stats.connection import DuckDBConnection
from llm_stats.table import Table
from llm_stats.transform import files
from support.queries import shared_connection

Row = dict[str, Any]

DAY_1 = dt.datetime(2026, 11, 1)  # noqa: DTZ001  stored times are UTC without a zone
DAY_2 = dt.datetime(2026, 11, 2)  # noqa: DTZ001
DAY_3 = dt.datetime(2026, 11, 3)  # noqa: DTZ001
DAY_4 = dt.datetime(2026, 11, 4)  # noqa: DTZ001

_RULES = {file.path.stem: file.text for file in files.files_in("quality")}
#: Functions that the rules of `data_quality` call.
_RULE_FUNCTIONS = (
    "staging.benchmark_label",
    "staging.is_most_common",
    "staging.number_text",
    "staging.offer_hash",
    "staging.offer_label",
    "staging.provider_label",
    "staging.round_significant",
)


class SmallTables:
    """In-memory `Reader` with only the methods `query` and `require_models`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = DuckDBConnection(connection)

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        return self._connection.execute(query, parameters)

    def require_models(self, _: Sequence[str]) -> None:
        """Skip the check that the models exist."""


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a new, empty database; delete the database at the end."""
    number = next(_numbers)
    with shared_connection().cursor() as connection:
        connection.execute(f"attach ':memory:' as small_{number}")
        connection.execute(f"use small_{number}")
        try:
            yield connection
        finally:
            connection.execute("use memory")
            connection.execute(f"detach small_{number}")


_numbers = itertools.count()


@contextmanager
def small_tables(*defined: str, **relations: list[Row]) -> Iterator[SmallTables]:
    """Yield a database with tables of the given rows, and the views and functions in `defined`.

    The name of a table is written with `__`: `marts__offers`. A column that a row does not name is
    null.
    """
    with _database() as connection:
        for schema in ("raw", "staging", "history", "marts"):
            connection.execute(f"create schema {schema}")
        for relation, rows in relations.items():
            empty = dict.fromkeys(column for row in rows for column in row)
            arrived = pa.Table.from_pylist([empty | row for row in rows])
            connection.register("arrived", arrived)
            connection.execute(f"create table {relation.replace('__', '.')} as from arrived")
        for file in files.in_build_order():
            if file.address in defined:
                connection.execute(file.text)
        yield SmallTables(connection)


def select_rows(
    columns: str, view: str, *defined: str, **relations: list[Row]
) -> list[tuple[Any, ...]]:
    """Return columns of a view under `sql/`, sorted; `defined` are the functions that it calls."""
    query = f"select {', '.join(columns.split())} from {view}"
    with small_tables(view, *defined, **relations) as tables:
        return sorted(tables.query(query).rows, key=repr)


def findings(rule: str, **relations: list[Row]) -> list[tuple[Any, ...]]:
    """Return model id and detail of the findings of a rule of `data_quality`, sorted."""
    with small_tables(*_RULE_FUNCTIONS, **relations) as tables:
        return sorted(tables.query(_RULES[rule]).rows)


def make_rows(columns: str, *rows: tuple[Any, ...]) -> list[Row]:
    """Return rows with the given column names, which are separated by spaces."""
    return [dict(zip(columns.split(), row, strict=True)) for row in rows]


def nulls(columns: str) -> Row:
    """Return a row of nulls, for columns that a query only passes on."""
    return dict.fromkeys(columns.split())
