"""Queries of changes, comparisons, costs and the status on small tables: filters, limits, ties."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest
from llm_stats.queries import changes, compare, status
from llm_stats.queries.cost import cost
from llm_stats.warehouse.reader import Reader
from support.small_tables import DAY_1, DAY_2, DAY_3, Row, make_rows, nulls, small_tables

SECOND = dt.timedelta(seconds=1)


def price_changes(*rows: tuple[Any, ...]) -> list[Row]:
    columns = "model_id changed_at provider_id offer_number"
    states = {"kind": "status_changed", "old_status": "active", "new_status": "retired"}
    return [row | states for row in make_rows(columns, *rows)]


def score_changes(*rows: tuple[Any, ...]) -> list[Row]:
    columns = "model_id changed_at benchmark_id upstream_benchmark_id score_number"
    return [row | {"kind": "added", "new_score": 0.5} for row in make_rows(columns, *rows)]


CHANGES = {
    "marts__price_changes": price_changes(
        ("m", DAY_2, "p", 2), ("m", DAY_1, "p", 1), ("other-load", DAY_2, "p", 1)
    ),
    "marts__score_changes": score_changes(
        ("m", DAY_2, "b", "b", 2),
        ("m", DAY_2, "b", "alias", 2),
        ("m", DAY_1, "b", "b", 1),
        ("other-load", DAY_2, "b", "b", 1),
    ),
    "marts__model_changes": make_rows(
        "model_id changed_at kind reason",
        ("m", DAY_2, "unlisted", "404"),
        ("m", DAY_1, "relisted", "200"),
        ("new", DAY_2, "listed", "catalog"),
        ("other-load", DAY_2, "relisted", "200"),
    ),
    "history__listings": make_rows(
        "model_id valid_from load_id",
        ("m", DAY_1, "1"),
        ("m", DAY_2, "2"),
        ("new", DAY_2, "2"),
        ("other-load", DAY_2, "1"),
    ),
    "history__models": make_rows(
        "model_id offers_load_id offers_first_seen_at offers_last_seen_at "
        "scores_load_id scores_last_seen_at",
        ("m", "2", DAY_1, DAY_2, "2", DAY_2),
        ("other-load", "1", DAY_2, DAY_2, "1", DAY_2),
        ("new-b", "2", DAY_2, DAY_2, None, None),
        ("new-a", "2", DAY_2, DAY_2, None, None),
    ),
}


def test_changes_and_new_models_of_one_load() -> None:
    with small_tables(**CHANGES) as tables:
        reader = cast(Reader, tables)
        rows = changes.of_load(reader, "2").rows
        assert changes.new_models(reader, "2") == ["new-a", "new-b"]
    assert [(*row[:5], row[5]) for row in rows] == [
        (DAY_2, "m", "p", "status_changed", "m at p (no. 2): active → retired", None),
        (DAY_2, "m", None, "unlisted", "m: not found on two days in a row", None),
        (DAY_2, "m", "b", "added", "m on b (no. 2): 0.5 added", 0),
        (DAY_2, "m", "b", "added", "m on b (no. 2): 0.5 added", 0),
    ]
    assert len({row[6] for row in rows}) == 4, "scores of two upstream benchmarks differ"


def test_changes_since_a_time_include_this_time() -> None:
    with small_tables(**CHANGES) as tables:
        found = changes.since(cast(Reader, tables), DAY_2).to_dicts()
        assert changes.since(cast(Reader, tables), DAY_2 + SECOND).rows == []
    listings = [(row["model_id"], row["change"]) for row in found if row["counterpart_id"] is None]
    assert listings == [
        ("m", "m: not found on two days in a row"),
        ("new", "new: new in the catalog"),
        ("other-load", "other-load: found again"),
    ]
    assert len(found) == 3 + 3 + 2


def run(query: str, **relations: list[Row]) -> list[tuple[Any, ...]]:
    """Return the rows of a query of the status; the last load is `2`."""
    with small_tables(staging__last_load=[{"load_id": "2"}], **relations) as tables:
        return tables.query(query).rows


def test_last_run_is_that_of_the_last_load() -> None:
    fetches = make_rows(
        "load_id requested_at outcome attempts",
        ("1", DAY_3, "loaded", 9),
        ("2", DAY_1, "rejected", 1),
        ("2", DAY_2, "loaded", 2),
        ("2", DAY_1, "failed", 3),
        ("2", DAY_1, "loaded", 0),
    )
    reads = make_rows("load_id read_at", ("1", DAY_3), ("2", DAY_1), ("2", DAY_2 + SECOND))
    times = {"staging__fetches": fetches, "staging__catalog_reads": reads}
    assert run(status._LAST_RUN_AT, **times) == [(DAY_2 + SECOND,)]
    times["staging__catalog_reads"] = reads[:2]
    assert run(status._LAST_RUN_AT, **times) == [(DAY_2,)]
    assert run(status._LAST_RUN, staging__fetches=fetches) == [
        ("loaded", 2, 2),
        ("failed", 1, 3),
        ("rejected", 1, 1),
    ]


def test_age_and_stalest_models() -> None:
    models = make_rows(
        "model_id fetched_at unlisted_since",
        ("c", DAY_2, None),
        ("b", DAY_2, None),
        ("a", DAY_3, None),
        ("oldest", DAY_1, None),
        ("left", DAY_1 - SECOND, DAY_2),
        ("d", DAY_3, None),
        ("e", DAY_3, None),
        ("left-and-never-fetched", None, DAY_2),
        ("never-fetched", None, None),
        ("never-fetched-2", None, None),
    )
    assert run(status._AGE, marts__models=models) == [(10, DAY_1 - SECOND, DAY_3, 2)]
    stalest = [row[0] for row in run(status._STALEST_MODELS, marts__models=models)]
    assert stalest == ["oldest", "b", "c", "a", "d"]


@pytest.mark.parametrize(("load_id", "is_of_last_run"), [("2", True), ("3", False)])
def test_last_read_of_the_catalog(load_id: str, is_of_last_run: bool) -> None:
    """Two reads have the same time; the later load is the last read."""
    reads = make_rows(
        "read_at load_id model_count total_count is_complete is_trusted",
        (DAY_1, "9", 1, 2, True, True),
        (DAY_2, "1", 3, 4, True, True),
        (DAY_2, load_id, 5, 6, False, False),
    )
    expected = [(DAY_2, 5, 6, False, False, is_of_last_run)]
    assert run(status._CATALOG, staging__catalog_reads=reads) == expected


def test_last_change_of_each_model_that_left_or_came_back() -> None:
    many = [f"m{number:05}" for number in range(10_001)]
    columns = "model_id kind reason changed_at"
    found = run(
        status._LISTING_CHANGES,
        marts__model_changes=make_rows(
            columns,
            ("back", "unlisted", "404", DAY_1),
            ("back", "relisted", "200", DAY_2),
            ("b", "unlisted", "catalog", DAY_3),
            ("a", "unlisted", "catalog", DAY_3),
            ("new", "listed", "catalog", DAY_3),
            *((name, "unlisted", "catalog", DAY_1) for name in reversed(many)),
        ),
    )
    assert found[:4] == [
        ("a", "unlisted", "catalog", DAY_3),
        ("b", "unlisted", "catalog", DAY_3),
        ("back", "relisted", "200", DAY_2),
        ("m00000", "unlisted", "catalog", DAY_1),
    ]
    assert len(found) == 10_000


def test_failing_models() -> None:
    """The model `m` was loaded on the second day."""
    many = [f"m{number:05}" for number in range(10_001)]
    found = run(
        status._FAILING,
        staging__models=make_rows("model_id fetched_at", ("m", DAY_2), ("known", DAY_1)),
        staging__fetches=make_rows(
            "model_id requested_at load_id outcome message",
            ("m", DAY_1, "1", "failed", "before the load"),
            ("m", DAY_2, "1", "failed", "with the load"),
            ("m", DAY_3, "1", "not_modified", None),
            ("m", DAY_3, "1", "deferred", None),
            ("m", DAY_3, "1", "loaded", None),
            ("known", DAY_3, "1", "not_found", "of load 1"),
            ("known", DAY_3, "2", "not_found", "of load 2"),
            ("known", DAY_3 - SECOND, "1", "rejected", "earlier"),
            ("unknown-of-last-run", DAY_1, "1", "not_found", None),
            ("unknown-of-last-run", DAY_2, "2", "not_found", None),
            *((name, DAY_2, "1", "failed", None) for name in many),
        ),
    )
    assert found[:3] == [
        ("known", "not_found", "of load 2", 3, DAY_3 - SECOND, DAY_1),
        ("unknown-of-last-run", "not_found", None, 2, DAY_1, None),
        ("m00000", "failed", None, 1, DAY_2, None),
    ]
    assert len(found) == 10_000


def test_failing_models_include_rejected_unknown_and_unfetched_models() -> None:
    found = run(
        status._FAILING,
        staging__models=make_rows("model_id fetched_at", ("unfetched", None), ("m", DAY_2)),
        staging__fetches=make_rows(
            "model_id requested_at load_id outcome message",
            ("unfetched", DAY_1, "1", "not_found", None),
            ("unknown", DAY_2, "1", "not_found", None),
            ("unknown-and-rejected", DAY_2, "1", "rejected", "why"),
            ("m", DAY_2, "2", "failed", "with the load"),
        ),
    )
    assert found == [
        ("unfetched", "not_found", None, 1, DAY_1, None),
        ("unknown-and-rejected", "rejected", "why", 1, DAY_2, None),
    ]


def test_head_to_head_counts_shared_and_counted_benchmarks() -> None:
    scores = make_rows(
        "model_id benchmark_id evidence_scope is_counted directed_value",
        *(
            ("a", name, "all", True, value)
            for name, value in zip("pqrst", (3, 2, 2, 1, 9), strict=True)
        ),
        *(
            ("b", name, "all", True, value)
            for name, value in zip("pqrs", (1, 1, 2, 2), strict=True)
        ),
        ("a", "independent", "independent", True, 1),
        ("b", "independent", "independent", True, 2),
        ("a", "not-counted", "all", False, 1),
        ("b", "not-counted", "all", False, 2),
        ("c", "s", "all", True, 0),
        ("d", "p", "all", True, 0),
    )
    with small_tables(staging__compared_scores=scores) as tables:
        found = compare.head_to_head(cast(Reader, tables), ("a", "b", "c"))
    assert found.rows == [("a", "b", 2, 1, 1), ("a", "c", 1, 0, 0), ("b", "c", 1, 0, 0)]


def test_shared_benchmarks_and_their_winners() -> None:
    def scores(benchmark_id: str, **by_model: float) -> list[Row]:
        low = benchmark_id == "low"
        return [
            {
                "model_id": model_id,
                "benchmark_id": benchmark_id,
                "value": value,
                "is_lower_better": low,
                "evidence": "verified",
                "is_comparable": True,
            }
            for model_id, value in by_model.items()
        ]

    with small_tables(
        "staging.shared_scores",
        marts__scores=[
            *scores("tie", b=2, a=2, d=9),
            *scores("low", a=1, b=2),
            *scores("mixed", a=1, b=2),
            *scores("only-a", a=1),
            *scores("small", b=2, a=1),
        ],
        marts__benchmarks=make_rows(
            "benchmark_id category not_comparable_reason is_lower_better is_comparable "
            "model_count organization_count",
            ("tie", "a", None, False, True, 3, 2),
            ("low", "b", None, True, True, 2, 9),
            ("mixed", "a", "two units", False, False, 2, 1),
            ("only-a", "a", None, False, True, 9, 9),
            ("small", "a", None, False, True, 9, 1),
        ),
    ) as tables:
        reader = cast(Reader, tables)
        assert compare.benchmarks(reader, ("b", "a")).rows == [
            ("mixed", "a", 2, 1, "not comparable: two units", None),
            ("small", "a", 2, 1, "b", "not counted"),
            ("tie", "a", 2, 2, "a, b", None),
            ("low", "b", 2, 1, "a", "lower is better, not counted"),
        ]
        assert compare.benchmarks_for_terminal(reader, ("b", "a")).rows == [
            ("mixed", "2", "1", "not comparable: two units"),
            ("small", "best 2", "1", "not counted"),
            ("tie", "best 2", "best 2", None),
            ("low", "2", "best 1", "lower is better, not counted"),
        ]


def test_costs_are_sorted_by_rank_then_by_key() -> None:
    offers = make_rows(
        "model_id provider_id offer_number input_usd_per_mtok output_usd_per_mtok price_rank",
        ("b", "p", 1, 2.0, 1.0, 1),
        ("a", "q", 1, 2.0, 1.0, 1),
        ("a", "p", 2, 2.0, 1.0, 1),
        ("a", "p", 1, 1.0, 2.0, 1),
        ("z", "p", 1, 1.0, 1.0, 1),
        ("a", "unpriced", 1, None, 1.0, None),
    )
    unused = nulls("provider_name is_suspect suspect_reason")
    with small_tables(
        "staging.round_significant",
        "marts.workload_cost",
        marts__offers=[row | unused for row in offers],
        marts__models=make_rows("model_id model_type", ("a", "llm"), ("b", "speech"), ("z", None)),
    ) as tables:
        found = cost(cast(Reader, tables), 1e6, 1e6, []).rows
        assert cost(cast(Reader, tables), 1e6, 1e6, ["b"]).rows == found[-1:]
    assert found == [
        ("z", None, "p", 1.0, 1.0, 2.0, 1, None),
        ("a", "llm", "p", 1.0, 2.0, 3.0, 1, None),
        ("a", "llm", "p", 2.0, 1.0, 3.0, 1, None),
        ("a", "llm", "q", 2.0, 1.0, 3.0, 1, None),
        ("b", "speech", "p", 2.0, 1.0, 3.0, 1, None),
    ]
