"""Rounding to 12 significant digits in DuckDB and PostgreSQL, compared with `decimal`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import duckdb
import pytest
from llm_stats.transform import files
from llm_stats.transform.dialect import translate
from support.postgres_server import execute_sql

pytestmark = pytest.mark.slow

_SELECT = "select staging.round_significant(cast(number as double)) as number from numbers"
_NOISE = [0.19999999999999998, 0.1 + 0.2, -0.0, 0.0, 1.005, 1e12, 999999999999.5, 1e300, -29.5]


def _values() -> list[float]:
    draw = random.Random(12)
    spread = [draw.uniform(1, 10) * 10 ** draw.randint(-11, 15) for _ in range(10_000)]
    prices = [round(draw.uniform(0, 100), draw.randint(0, 6)) * 0.75 for _ in range(10_000)]
    return [*_NOISE, *filter(_is_no_tie, spread), *prices]


def _is_no_tie(value: float) -> bool:
    """Return False for a number of 13 significant digits that ends in 5.

    PostgreSQL rounds such a number from its decimal digits, DuckDB from its exact binary value.
    """
    return not (f"{value:.12e}".split("e")[0].endswith("5") and float(f"{value:.12e}") == value)


def _query(select: str) -> str:
    rows = ", ".join(f"({value!r})" for value in _values())
    return f"with numbers (number) as (values {rows}) {select}"


@pytest.fixture(scope="module")
def rounded_by_duckdb() -> Iterator[list[tuple[object, ...]]]:
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        (file,) = (
            file for file in files.files_in("functions") if file.path.stem == "round_significant"
        )
        for _, statement in files.statements(file):
            connection.execute(statement.query)
        yield connection.execute(_query(_SELECT)).fetchall()


def test_duckdb_rounds_exactly(rounded_by_duckdb: list[tuple[object, ...]]) -> None:
    wrong = [
        (value, actual)
        for value, (actual,) in zip(_values(), rounded_by_duckdb, strict=True)
        if repr(actual) != repr(float(f"{value:.12g}") + 0.0)
    ]
    assert wrong == []


def test_postgres_rounds_alike(
    new_database: Callable[[], str], rounded_by_duckdb: list[tuple[object, ...]]
) -> None:
    query = _query(translate(_SELECT, "postgres"))
    rounded = execute_sql(new_database(), f"set extra_float_digits = 1; {query}")
    assert [*map(repr, rounded)] == [*map(repr, rounded_by_duckdb)]
