"""Total order of the rows that table macros return, on models with equal scores and prices."""

from __future__ import annotations

import datetime as dt

import pytest
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score


@pytest.fixture
def twins(raw: RawTables) -> RawTables:
    """Return a warehouse whose models have equal scores and prices."""
    records = [
        make_record(
            model_id,
            organization={"id": model_id, "name": model_id},
            providers=[make_offer(provider, 1, 2) for provider in ("q", "p", "p")],
            scores=[make_score(benchmark, 0.5) for benchmark in ("z", "y", "x")],
        )
        for model_id in ("c", "a", "d", "b")
    ]
    records[3]["scores"].pop()
    raw.load(records, dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    raw.apply()
    return raw


@pytest.mark.parametrize(
    ("call", "columns", "rows"),
    [
        (
            "head_to_head('a')",
            "opponent_model_id, shared_benchmark_count",
            [("c", 3), ("d", 3), ("b", 2)],
        ),
        (
            "cheapest_with('x', 0.5)",
            "model_id, provider_id, offer_number",
            [(model, *offer) for model in "acd" for offer in (("p", 1), ("p", 2), ("q", 1))],
        ),
        (
            "workload_cost(1000, 1000)",
            "model_id, provider_id, offer_number",
            [(model, *offer) for model in "abcd" for offer in (("p", 1), ("p", 2), ("q", 1))],
        ),
        ("compare_models(['a', 'c'])", "benchmark_id", [("x",), ("y",), ("z",)]),
        ("pareto_frontier('x')", "model_id", [("a",), ("c",), ("d",)]),
    ],
)
def test_rows_of_a_macro_have_a_total_order(
    twins: RawTables, call: str, columns: str, rows: list[tuple[object, ...]]
) -> None:
    found = twins.connection.execute(f"select {columns} from marts.{call}").fetchall()
    assert found == rows
