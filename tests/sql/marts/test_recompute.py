"""Comparison of every mart with its recomputation in Python: each row, each column.

The records are 8 random catalogs, and real records if `LLM_STATS_TEST_RECORDS` names a file. For
more catalogs: `MARTS_EXAMPLES=300 pytest --timeout 0 tests/sql/marts/test_recompute.py`
"""

from __future__ import annotations

import math
import os
import statistics
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import recompute
from support.history_database import empty, stored_views, write_history
from support.random_catalogs import Record, catalogs, offers, ranked_catalogs
from support.raw_tables import RawTables
from support.real_records import real_records
from support.recompute.records import FETCHED_AT, LISTING, Listing, ReviewedLists, Rows
from support.record_factory import make_record, make_score
from support.skip_conditions import REQUIRES_REAL_RECORDS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lists(built_tables: RawTables) -> ReviewedLists:
    """Return the reviewed lists of the project, such as the benchmark aliases."""
    return ReviewedLists.read(built_tables.connection)


def _refill(raw: RawTables, records: list[Record]) -> None:
    """Replace all rows of the database with one load of these records."""
    empty(raw)
    raw.load(records, FETCHED_AT)
    write_history(raw)


@settings(max_examples=int(os.environ.get("MARTS_EXAMPLES", "8")))
@given(records=st.one_of(catalogs(), ranked_catalogs()))
def test_every_mart_equals_its_recomputation_on_random_catalogs(
    built_tables: RawTables, lists: ReviewedLists, records: list[Record]
) -> None:
    _refill(built_tables, records)
    _compare_all(built_tables, recompute.prepare(records, lists))


@settings(max_examples=int(os.environ.get("MARTS_EXAMPLES", "4")))
@given(records=st.one_of(catalogs(), ranked_catalogs()), data=st.data())
def test_every_mart_equals_its_recomputation_after_two_reads_of_the_catalog(
    built_tables: RawTables, lists: ReviewedLists, records: list[Record], data: st.DataObject
) -> None:
    """Each model has a random state, such as `ahead` or `unlisted`.

    The summaries of `ahead` models differ from their records in name and offers. `unlisted`
    models are missing in the second read. `unreadable` models have a summary with an invalid
    `context_window`. All rows have the same load id and time, so the history contains only the
    last state.
    """
    states = ("listed", "ahead", "unlisted", "without record", "unreadable", "loaded later")
    unreadable = {"context_window": "8k"}
    state = {record["id"]: data.draw(st.sampled_from(states)) for record in records}
    summaries = [
        record
        | (
            {"providers": data.draw(st.lists(offers(), max_size=5)), "name": "Ahead"}
            if state[record["id"]] == "ahead"
            else unreadable
            if state[record["id"]] == "unreadable"
            else {}
        )
        for record in records
    ]

    def in_states(entries: list[Record], *wanted: str) -> list[Record]:
        return [entry for entry in entries if state[entry["id"]] in wanted]

    raw = built_tables
    empty(raw)
    raw.read_catalog(
        in_states(records, *states[:4]) + in_states(summaries, "unreadable"), FETCHED_AT, "1"
    )
    raw.load(in_states(records, *states[:3], "unreadable"), FETCHED_AT, "1")
    raw.connection.execute("truncate raw.catalog_reads")  # a load has at most one read
    raw.read_catalog(
        in_states(summaries, "listed", "ahead", "without record", "unreadable"), FETCHED_AT, "1"
    )
    raw.load(in_states(records, "loaded later"), FETCHED_AT, "1")
    write_history(raw)
    is_listed = {"unlisted": False, "loaded later": None}
    combined: list[Record] = [
        (record if state[record["id"]] == "unreadable" else summary)
        | ({"scores": [], "sources": {}} if state[summary["id"]] == "without record" else {})
        | {
            LISTING: Listing(
                has_record=state[summary["id"]] != "without record",
                is_listed=is_listed.get(state[summary["id"]], True),
                summary_texts=unreadable if state[summary["id"]] == "unreadable" else {},
            )
        }
        for record, summary in zip(records, summaries, strict=True)
    ]
    _compare_all(raw, recompute.prepare(combined, lists))


@REQUIRES_REAL_RECORDS
def test_every_mart_equals_its_recomputation_on_real_data(
    built_tables: RawTables, lists: ReviewedLists
) -> None:
    """The marts are read from the views themselves, not from stored copies."""
    records = real_records()
    _refill(built_tables, records)
    prepared = recompute.prepare(records, lists)
    _compare_marts(built_tables, prepared)
    with stored_views(built_tables) as stored:
        _compare_head_to_head(stored, prepared)


def test_mean_win_rate_equals_helms_with_a_tie_counting_half(built_tables: RawTables) -> None:
    """HELM, a benchmark suite, sorts the models of a benchmark from worst to best.

    A model's win rate is its position, from 0 (worst) to 1 (best). HELM orders tied models at
    random; this test takes the mean of two opposite orders.
    """
    scores = {
        "b": {"m1": 0.9, "m2": 0.8, "m3": 0.8, "m4": 0.5, "m5": 0.8},
        "c": {"m1": 0.3, "m2": 0.3, "m3": 0.3, "m5": 0.3},
        "d": {"m1": 0.1, "m2": 0.4, "m3": 0.1, "m4": 0.2},
        "fleurs": {"m1": 0.5, "m2": 0.5, "m3": 0.1, "m4": 0.1, "m5": 0.9},
    }
    positions = defaultdict(list)
    for benchmark_id, values in scores.items():
        goodness = {
            model_id: -value if benchmark_id == "fleurs" else value
            for model_id, value in values.items()
        }
        for order in (sorted(values), sorted(values, reverse=True)):
            for wins, model_id in enumerate(sorted(order, key=goodness.__getitem__)):
                positions[model_id].append(wins / (len(values) - 1))
    models = [
        make_record(
            model_id,
            organization={"id": f"maker of {model_id}", "name": "Org"},
            scores=[
                make_score(b, values[model_id])
                for b, values in scores.items()
                if model_id in values
            ],
        )
        for model_id in positions
    ]
    _refill(built_tables, models)
    rows = built_tables.connection.execute(
        "select model_id, mean_win_rate from marts.leaderboard where category = 'overall'"
    ).fetchall()
    assert dict(rows) == {
        model_id: pytest.approx(statistics.mean(shares)) for model_id, shares in positions.items()
    }


def _compare_all(raw: RawTables, records: list[Record]) -> None:
    """Compare all marts and two macros with the recomputation; compute each view once."""
    with stored_views(raw) as stored:
        _compare_marts(stored, records)
        _compare_head_to_head(stored, records)
        _compare_workload_cost(stored, records)


def _compare_marts(raw: RawTables, records: list[Record]) -> None:
    for view, (recomputed, key) in recompute.VIEWS.items():
        _compare(f"marts.{view}", _rows(raw, f"from marts.{view}"), recomputed(records), key)


def _compare_head_to_head(raw: RawTables, records: list[Record]) -> None:
    """Compare the macro `head_to_head` of all models with the recomputed rows."""
    query = """
        select models.model_id, pairs.*
        from
            (select unnest($model_ids::varchar[]) as model_id) as models,
            marts.head_to_head(models.model_id) as pairs
    """
    rows = _rows(raw, query, model_ids=[record["id"] for record in records])
    key = ("model_id", "opponent_model_id")
    _compare("head_to_head", rows, recompute.head_to_head(records), key)


def _compare_workload_cost(raw: RawTables, records: list[Record]) -> None:
    """Compare the macro `workload_cost`, also for costs of a few millionths of a cent."""
    for tokens in ((1, 0), (10_000_000, 2_000_000)):
        costs = _rows(raw, f"from marts.workload_cost{tokens}")
        key = ("model_id", "provider_id", "offer_number")
        _compare(f"workload_cost{tokens}", costs, recompute.workload_cost(records, *tokens), key)


def _rows(raw: RawTables, query: str, **parameters: list[str]) -> Rows:
    cursor = raw.connection.execute(query, parameters)
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _compare(name: str, actual_rows: Rows, expected_rows: Rows, key: tuple[str, ...]) -> None:
    actual, expected = (
        {tuple(row[part] for part in key): row for row in rows}
        for rows in (actual_rows, expected_rows)
    )
    unexpected, missing = actual.keys() - expected.keys(), expected.keys() - actual.keys()
    assert not unexpected | missing, (
        f"{name}: only in the view {unexpected}, only recomputed {missing}"
    )
    for row_key, row in expected.items():
        assert row.keys() == actual[row_key].keys(), name
        different = {
            column: (actual[row_key][column], value)
            for column, value in row.items()
            if not _same(actual[row_key][column], value)
        }
        assert not different, f"{name} {row_key}: (actual, expected) {different}"


def _same(actual: object, expected: object) -> bool:
    """Return whether two values are equal; numbers may differ by a relative 1e-7."""
    if (
        isinstance(actual, float)
        and isinstance(expected, int | float)
        and not isinstance(expected, bool)
    ):
        return math.isclose(actual, expected, rel_tol=1e-7, abs_tol=1e-14)
    return type(actual) is type(expected) and actual == expected
