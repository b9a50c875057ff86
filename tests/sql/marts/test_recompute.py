"""Comparison of every mart with its recomputation in Python: each row, each column.

The records are 8 random catalogs, and real records if `LLM_STATS_TEST_RECORDS` names a file. For
more catalogs: `MARTS_EXAMPLES=300 pytest --timeout 0 tests/sql/marts/test_recompute.py`
"""

from __future__ import annotations

import math
import os
import statistics
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import recompute
from support.history_database import empty, write_history
from support.raw_tables import RawTables
from support.real_records import real_records
from support.recompute.records import FETCHED_AT, LISTING, Listing
from support.recompute.scores import LOWER_IS_BETTER
from support.record_factory import make_offer, make_record, make_score
from support.skip_conditions import REQUIRES_REAL_RECORDS

pytestmark = pytest.mark.slow

_BENCHMARKS = ("b", "it's (b) → @2>1", "percents", "fleurs", "Überraschung 🎲")
_PROVIDERS = ("p", "it's", "Ünï-çødé", "p2")
_CATEGORIES = (None, "", "math", "code", "overall", "it's")

prices = st.one_of(
    st.sampled_from([None, 0, -0.0, 0.1, 0.2, 0.3, 1, 2, 3, 500, 4800]),
    st.sampled_from([0.0002, 0.0036, 0.0008, 0.0018, 0.19999999999999998]),
    st.decimals(0, 100, places=3).map(float),
    st.just(1e300),
)
values = st.one_of(
    st.sampled_from([0, -0.0, 0.1, 0.5, 0.7, 0.1 + 0.2, 0.3, 0.9, 1, -29.5, 62, 99.5, 2134]),
    st.decimals(-1, 1, places=4).map(float),
)
moments = st.sampled_from(
    ["2025-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-06-01T02:00:00+02:00"]
)


def _offers() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        make_offer,
        st.sampled_from(_PROVIDERS),
        prices,
        prices,
        status=st.sampled_from(["active"] * 4 + ["inactive", ""]),
        provider_name=st.sampled_from(["Name", "Other"]),
    )


def _scores() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        make_score,
        st.sampled_from(_BENCHMARKS),
        values,
        benchmark_name=st.sampled_from(["Name", "name", "It's another"]),
        max_score=st.sampled_from([1, 100]),
        is_self_reported=st.booleans(),
        verified_by_llmstats=st.booleans(),
        scored_at=moments,
        category=st.sampled_from(_CATEGORIES),
        normalized_score=st.one_of(st.none(), values, values, values),
        rank=st.one_of(st.none(), st.integers(1, 9)),
        source_url=st.sampled_from([None, "", "https://example.com/x", "https://a.test"]),
    )


@st.composite
def catalogs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Generate up to eight models with few benchmarks, so that scores are tied and repeated."""
    ids = draw(
        st.lists(
            st.sampled_from(["a", "b", "c", "d", "e", "it's", "ünï/→", "z"]),
            unique=True,
            max_size=8,
        )
    )
    return [
        make_record(
            model_id,
            name=draw(st.sampled_from(["Name", model_id])),
            modalities=draw(st.lists(st.sampled_from(["text", "image"]), max_size=3)),
            providers=draw(st.lists(_offers(), max_size=5)),
            scores=draw(st.lists(_scores(), max_size=12)),
            context_window=draw(st.sampled_from([None, 0, 2**40])),
            family=draw(st.sampled_from([None, {"id": "f", "name": "F"}])),
            sources=draw(st.sampled_from([{}, {"paper": ""}, {"paper": "https://a.test"}])),
        )
        for model_id in ids
    ]


@pytest.fixture(scope="module")
def database(built_tables: RawTables) -> RawTables:
    """Return raw tables and all views; `_refill` replaces their rows."""
    listed = built_tables.connection.execute(
        "select benchmark_id from staging.lower_is_better_benchmarks"
    ).fetchall()
    LOWER_IS_BETTER.update(benchmark_id for (benchmark_id,) in listed)
    return built_tables


def _refill(raw: RawTables, records: list[dict[str, Any]]) -> None:
    """Replace all rows of the database with one load of these records."""
    empty(raw)
    raw.load(records, FETCHED_AT)
    write_history(raw.connection)


@settings(
    max_examples=int(os.environ.get("MARTS_EXAMPLES", "8")),
    deadline=None,
    # Phase.shrink is omitted, because shrinking a catalog takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=catalogs())
def test_every_mart_equals_its_recomputation_on_random_catalogs(
    database: RawTables, records: list[dict[str, Any]]
) -> None:
    _refill(database, records)
    for view in recompute.VIEWS:
        _compare(database, view, records)


@settings(
    max_examples=int(os.environ.get("MARTS_EXAMPLES", "4")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=catalogs(), data=st.data())
def test_every_mart_equals_its_recomputation_after_two_reads_of_the_catalog(
    database: RawTables, records: list[dict[str, Any]], data: st.DataObject
) -> None:
    """All is one load at one time, so that the history contains only the last state.

    The second read lists some models with other facts and offers than their record, and does not
    list others. Some models have no record; others are loaded after the reads.
    """
    states = ("listed", "ahead", "unlisted", "without record", "loaded later")
    state = {record["id"]: data.draw(st.sampled_from(states)) for record in records}
    summaries = [
        record
        | (
            {"providers": data.draw(st.lists(_offers(), max_size=5)), "name": "Ahead"}
            if state[record["id"]] == "ahead"
            else {}
        )
        for record in records
    ]

    def in_states(entries: list[dict[str, Any]], *wanted: str) -> list[dict[str, Any]]:
        return [entry for entry in entries if state[entry["id"]] in wanted]

    empty(database)
    database.read_catalog(in_states(records, *states[:4]), FETCHED_AT, "1")
    database.load(in_states(records, *states[:3]), FETCHED_AT, "1")
    database.connection.execute("truncate raw.catalog_reads")  # a load has at most one read
    database.read_catalog(
        in_states(summaries, "listed", "ahead", "without record"), FETCHED_AT, "1"
    )
    database.load(in_states(records, "loaded later"), FETCHED_AT, "1")
    write_history(database.connection)
    is_listed = {"unlisted": False, "loaded later": None}
    combined = [
        summary
        | ({"scores": [], "sources": {}} if state[summary["id"]] == "without record" else {})
        | {
            LISTING: Listing(
                has_record=state[summary["id"]] != "without record",
                is_listed=is_listed.get(state[summary["id"]], True),
            )
        }
        for summary in summaries
    ]
    for view in recompute.VIEWS:
        _compare(database, view, combined)


@REQUIRES_REAL_RECORDS
def test_every_mart_equals_its_recomputation_on_real_data(database: RawTables) -> None:
    records = real_records()
    _refill(database, records)
    for view in recompute.VIEWS:
        _compare(database, view, records)


def test_mean_win_rate_equals_helms_with_a_tie_counting_half(database: RawTables) -> None:
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
            scores=[
                make_score(b, values[model_id])
                for b, values in scores.items()
                if model_id in values
            ],
        )
        for model_id in positions
    ]
    _refill(database, models)
    rows = database.connection.execute(
        "select model_id, mean_win_rate from marts.leaderboard where category = 'overall'"
    ).fetchall()
    assert dict(rows) == {
        model_id: pytest.approx(statistics.mean(shares)) for model_id, shares in positions.items()
    }


def _compare(raw: RawTables, view: str, records: list[dict[str, Any]]) -> None:
    recomputed, key = recompute.VIEWS[view]
    cursor = raw.connection.execute(f"from marts.{view}")
    columns = [column[0] for column in cursor.description or ()]
    actual = {
        tuple(row[columns.index(part)] for part in key): dict(zip(columns, row, strict=True))
        for row in cursor.fetchall()
    }
    expected = {tuple(row[part] for part in key): row for row in recomputed(records)}
    unexpected, missing = actual.keys() - expected.keys(), expected.keys() - actual.keys()
    assert not unexpected | missing, (
        f"marts.{view}: only in the view {unexpected}, only recomputed {missing}"
    )
    for row_key, row in expected.items():
        assert row.keys() == actual[row_key].keys()
        different = {
            name: (actual[row_key][name], value)
            for name, value in row.items()
            if not _same(actual[row_key][name], value)
        }
        assert not different, f"marts.{view} {row_key}: (actual, expected) {different}"


def _same(actual: object, expected: object) -> bool:
    """Return whether two values are equal; numbers may differ by a relative 1e-7."""
    if (
        isinstance(actual, float)
        and isinstance(expected, int | float)
        and not isinstance(expected, bool)
    ):
        return math.isclose(actual, expected, rel_tol=1e-7, abs_tol=1e-14)
    return type(actual) is type(expected) and actual == expected
