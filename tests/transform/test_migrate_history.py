"""Migration 4: rounding numbers in the history, and merging rows that become equal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.transform.migrate import migrate
from support.history_database import built
from support.older_versions import downgrade
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record

pytestmark = pytest.mark.slow

_DAYS = [dt.datetime.fromisoformat(f"2026-01-0{day}") for day in (1, 2, 3, 4, 5)]
_INSERT_OFFER = (
    "insert into history.offers (model_id, provider_id, offer_number, provider_name, status, "
    "input_usd_per_mtok, output_usd_per_mtok, valid_from, valid_to) "
    "values ('m', 'p', 1, 'p', 'active', ?, 1, ?, ?)"
)


@pytest.fixture(scope="module")
def built_older() -> Iterator[RawTables]:
    """Yield a database of version 3 with one model, its offer `p` and an empty history."""
    with built() as raw:
        raw.load([make_record("m", providers=[make_offer("p", 0.2, 1)])], _DAYS[4])
        downgrade(raw.connection.execute, 3)
        yield raw


@pytest.fixture
def older(built_older: RawTables) -> Iterator[RawTables]:
    """Yield `built_older` in a transaction; roll back the changes of the test at the end."""
    built_older.connection.begin()
    yield built_older
    built_older.connection.rollback()


def _migrate(
    connection: duckdb.DuckDBPyConnection, columns: str, table: str
) -> list[tuple[object, ...]]:
    migrate(DuckDBConnection(connection))
    return connection.execute(f"select {columns} from {table} order by all").fetchall()


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([0.2, 0.19999999999999998, 0.2], [(0.2, 0, None)]),
        ([0.2, 0.1 + 0.2, 0.3], [(0.2, 0, 1), (0.3, 1, None)]),
        ([0.3, 0.1 + 0.2, 0.2], [(0.2, 2, None), (0.3, 0, 2)]),
        ([0.0, -0.0, 1.0], [(0.0, 0, 2), (1.0, 2, None)]),
    ],
)
def test_neighbours_that_become_equal_are_joined(
    older: RawTables, prices: list[float], expected: list[tuple[float, int, int | None]]
) -> None:
    ends: list[dt.datetime | None] = [_DAYS[1], _DAYS[2], None]
    for price, start, end in zip(prices, _DAYS, ends, strict=False):
        older.connection.execute(_INSERT_OFFER, [price, start, end])
    rows = _migrate(older.connection, "input_usd_per_mtok, valid_from, valid_to", "history.offers")
    assert rows == [
        (price, _DAYS[start], None if end is None else _DAYS[end]) for price, start, end in expected
    ]


def test_gap_stays(older: RawTables) -> None:
    older.connection.execute(_INSERT_OFFER, [0.2, _DAYS[0], _DAYS[1]])
    older.connection.execute(_INSERT_OFFER, [0.2, _DAYS[2], None])
    rows = _migrate(older.connection, "valid_from, valid_to", "history.offers")
    assert rows == [(_DAYS[0], _DAYS[1]), (_DAYS[2], None)]


_INSERT_SCORE = (
    "insert into history.scores (model_id, benchmark_id, score_number, benchmark_name, category, "
    "score, max_score, is_self_reported, is_verified, valid_from, valid_to) "
    "values ('m', 'b', ?, 'B', ?, ?, 1, true, false, ?, ?)"
)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(1, "math", 0.5, 0, None), (2, "code", 0.5, 0, None)], [(1, 0.5, 0, None)]),
        ([(1, "math", 0.5, 0, None), (2, "code", 0.5, 1, 2)], [(1, 0.5, 0, None)]),
        (
            [(1, "math", 0.5, 0, 2), (2, "code", 0.5, 1, None), (1, "math", 0.6, 2, None)],
            [(1, 0.5, 0, 2), (1, 0.6, 2, None), (2, 0.5, 2, None)],
        ),
        ([(1, "math", 0.5, 0, 3), (2, "code", 0.5, 0, None)], [(1, 0.5, 0, None)]),
        (
            [(1, "math", 0.5, 0, None), (2, "math", 0.5, 0, None)],
            [(1, 0.5, 0, None), (2, 0.5, 0, None)],
        ),
        (
            [(1, "math", 0.5, 0, 1), (1, "code", 0.5, 1, None)],
            [(1, 0.5, 0, None)],
        ),
        (
            [(1, "math", 0.5, 0, 2), (1, "code", 0.5, 2, None), (2, "math", 0.6, 1, None)],
            [(1, 0.5, 0, None), (2, 0.6, 1, None)],
        ),
    ],
)
def test_score_under_a_second_category_becomes_one(
    older: RawTables,
    rows: list[tuple[int, str, float, int, int | None]],
    expected: list[tuple[int, float, int, int | None]],
) -> None:
    for number, category, score, start, end in rows:
        until = None if end is None else _DAYS[end]
        older.connection.execute(_INSERT_SCORE, [number, category, score, _DAYS[start], until])
    columns = "score_number, score, valid_from, valid_to"
    assert _migrate(older.connection, columns, "history.scores") == [
        (number, score, _DAYS[start], None if end is None else _DAYS[end])
        for number, score, start, end in expected
    ]


def test_joined_rows_are_not_a_loss(older: RawTables) -> None:
    tables = ["history.models", "history.offers", "history.scores", "raw.models"]
    older.connection.execute("delete from history.row_counts")
    for table in tables:
        older.connection.execute(
            "insert into history.row_counts values ('1', ?, 40, '2026-01-01')", [table]
        )
    assert _migrate(older.connection, "table_name", "history.row_counts") == [
        ("history.models",),
        ("raw.models",),
    ]


def test_offers_and_scores_are_joined_independently(older: RawTables) -> None:
    """The two rows of the 1st, 3rd and 5th key become equal; those of the 2nd and 4th key differ.

    The rows of all keys have the same two periods. The 2nd, 3rd and 4th key each differ from the
    1st in one part.
    """
    almost, equal = 0.19999999999999998, 0.2
    offers: list[tuple[object, ...]] = []
    scores: list[tuple[object, ...]] = []
    keys = [("m", "p", 1), ("m", "p", 2), ("m", "q", 1), ("n", "p", 1), ("n", "q", 2)]
    for place, (model_id, item_id, number) in enumerate(keys):
        second = equal if place % 2 == 0 else 0.3
        for value, start, end in ((almost, 0, 2), (second, 2, None)):
            period = (_DAYS[start], None if end is None else _DAYS[end])
            offers.append((model_id, item_id, number, value, *period))
            scores.append((model_id, item_id, number, value, *period))
    insert_offer = _INSERT_OFFER.replace("'m', 'p', 1,", "?, ?, ?,", 1)
    insert_score = (
        "insert into history.scores (model_id, benchmark_id, score_number, benchmark_name, "
        "category, score, max_score, is_self_reported, is_verified, valid_from, valid_to) "
        "values (?, ?, ?, 'B', 'math', ?, 1, true, false, ?, ?)"
    )
    older.connection.executemany(insert_offer, offers)
    older.connection.executemany(insert_score, scores)
    columns = "model_id, {}, input_usd_per_mtok, valid_from, valid_to"
    expected: list[tuple[object, ...]] = []
    for place, key in enumerate(keys):
        if place % 2 == 0:
            expected.append((*key, equal, _DAYS[0], None))
        else:
            expected += [(*key, equal, _DAYS[0], _DAYS[2]), (*key, 0.3, _DAYS[2], None)]
    columns = columns.format("provider_id, offer_number")
    assert _migrate(older.connection, columns, "history.offers") == expected
    columns = "model_id, benchmark_id, score_number, score, valid_from, valid_to"
    query = f"select {columns} from history.scores order by all"
    assert older.connection.execute(query).fetchall() == expected


@pytest.mark.parametrize(
    ("number", "rounded"),
    [
        (1 / 3, 0.333333333333),
        (123456.789012345, 123456.789012),
        (1e-11, 1e-11),
        (1.23456789012345e-12, 1.23456789012345e-12),
        (1.23456789012345e30, 1.23456789012e30),
        (-2 / 3, -0.666666666667),
        (None, None),
    ],
)
def test_numbers_are_rounded_to_twelve_digits(
    older: RawTables, number: float | None, rounded: float | None
) -> None:
    older.connection.execute(
        "insert into history.offers (model_id, provider_id, offer_number, provider_name, status, "
        "input_usd_per_mtok, output_usd_per_mtok, valid_from) "
        "values ('m', 'p', 1, 'p', 'active', $1, $1, $2)",
        [number, _DAYS[0]],
    )
    older.connection.execute(
        "insert into history.scores (model_id, benchmark_id, score_number, benchmark_name, score, "
        "max_score, normalized_score, is_self_reported, is_verified, valid_from) "
        "values ('m', 'b', 1, 'B', $1, $1, $1, true, false, $2)",
        [number, _DAYS[0]],
    )
    prices = _migrate(older.connection, "input_usd_per_mtok, output_usd_per_mtok", "history.offers")
    assert prices == [(rounded, rounded)]
    scores = "select score, max_score, normalized_score, row_hash from history.scores"
    assert older.connection.execute(scores).fetchall() == [(rounded, rounded, rounded, None)]


@pytest.mark.parametrize(
    ("table", "item", "number", "values", "others"),
    [
        (
            "offers",
            "provider_id",
            "offer_number",
            {
                "provider_name": "P",
                "status": "active",
                "input_usd_per_mtok": 1.0,
                "output_usd_per_mtok": 2.0,
            },
            ["Q", "inactive", 3.0, 3.0],
        ),
        (
            "scores",
            "benchmark_id",
            "score_number",
            {
                "benchmark_name": "B",
                "score": 0.5,
                "max_score": 1.0,
                "normalized_score": 0.5,
                "is_self_reported": True,
                "is_verified": True,
                "source_url": "u",
            },
            ["C", 0.6, 2.0, 0.6, False, False, "v"],
        ),
    ],
)
def test_rows_are_joined_only_if_all_columns_are_equal(
    older: RawTables,
    table: str,
    item: str,
    number: str,
    values: dict[str, object],
    others: list[object],
) -> None:
    """A null equals a null, and differs from every value."""
    columns = ["model_id", item, number, *values, "valid_from", "valid_to"]
    marks = ", ".join("?" * len(columns))
    insert = f"insert into history.{table} ({', '.join(columns)}) values ({marks})"
    kept: dict[str, int] = {}
    for column, other in zip(values, others, strict=True):
        for first, second in ((None, None), (values[column], other), (None, other), (other, None)):
            key = f"{column}: {first}, {second}"
            kept[key] = 1 if first is second else 2
            for value, start, end in ((first, 0, 1), (second, 1, None)):
                row = (values | {column: value}).values()
                until = None if end is None else _DAYS[end]
                older.connection.execute(insert, ["m", key, 1, *row, _DAYS[start], until])
    migrate(DuckDBConnection(older.connection))
    query = f"select {item}, count(*) from history.{table} group by all"
    assert dict(older.connection.execute(query).fetchall()) == kept
