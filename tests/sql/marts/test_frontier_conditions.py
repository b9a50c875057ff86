"""Price frontiers and the leaderboard on small tables: scopes, ties, and rounded rates."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pytest
from support.small_tables import Row, make_rows, small_tables

PRICES = "model_id price_usd_per_mtok paid_price_usd_per_mtok"
Prices = dict[str, tuple[float, float | None]]


def frontier(
    view: str, columns: str, prices: Prices, compared: list[Row], leaderboard: list[Row]
) -> list[tuple[Any, ...]]:
    """Return columns of `price_performance` or `price_quality`, sorted."""
    offers = make_rows(PRICES, *((model_id, *price) for model_id, price in prices.items()))
    others = dict.fromkeys(["provider_id", "is_suspect", "is_paid_price_suspect"])
    with small_tables(
        "staging.is_pareto",
        "staging.price_frontiers",
        f"marts.{view}",
        staging__cheapest_offers=[row | others for row in offers],
        staging__compared_scores=compared,
        marts__leaderboard=leaderboard,
    ) as tables:
        query = f"select {', '.join(columns.split())} from marts.{view}"
        return sorted(tables.query(query).rows, key=repr)


SCORE = "evidence_scope benchmark_id model_id value directed_value is_lower_better"
BOARD = "category evidence_scope model_id adjusted_win_rate rank"
NO_SCORES = make_rows(f"{SCORE} not_comparable_reason", ("none", "", "", 0.0, 0.0, False, "few"))
NO_BOARD = make_rows(
    f"{BOARD} benchmark_count self_reported_share", ("", "none", "", 0.5, None, 1, 0.0)
)


def test_frontier_of_a_benchmark() -> None:
    """`f` has no paid offer; the only paid offer of `i` costs 4."""
    prices: Prices = {
        "a": (10, 10), "b": (5, 5), "c": (5, 5), "d": (6, 6), "e": (5, 5), "f": (1, None),
        "h": (20, 20), "i": (0, 4), "j": (0, None), "k": (1, 1), "l": (10, 10), "other": (0.1, 0.1)
    }  # fmt: skip
    values = {
        "a": 0.9, "c": 0.8, "b": 0.8, "d": 0.8, "e": 0.7, "f": 0.5, "h": 0.85, "i": 0.4, "j": 0.1,
        "k": 0.5, "l": 0.2, "unpriced": 9.0
    }  # fmt: skip
    scores = make_rows(
        f"{SCORE} not_comparable_reason",
        *(("all", "b", model_id, value, value, False, None) for model_id, value in values.items()),
        ("independent", "b", "other", 9.0, 9.0, False, None),
        ("all", "not-comparable", "a", 9.0, 9.0, False, "few"),
        ("all", "low", "a", 1.0, -1.0, True, None),
        ("all", "low", "b", 2.0, -2.0, True, None),
        ("all", "low", "d", 2.0, -2.0, True, None),
    )
    found = frontier(
        "price_performance",
        "benchmark_id model_id is_pareto is_pareto_paid dominated_by_model_id value_per_usd "
        "priced_model_count",
        prices,
        scores,
        NO_BOARD,
    )
    assert [row[:5] for row in found] == [
        ("b", "a", True, True, None),
        ("b", "b", True, True, None),
        ("b", "c", True, True, None),
        ("b", "d", False, False, "b"),
        ("b", "e", False, False, "b"),
        ("b", "f", True, False, None),
        ("b", "h", False, False, "a"),
        ("b", "i", True, False, None),
        ("b", "j", False, False, "i"),
        ("b", "k", True, True, None),
        ("b", "l", False, False, "i"),
        ("low", "a", True, True, None),
        ("low", "b", True, True, None),
        ("low", "d", False, False, "b"),
    ]
    ratios = {(row[0], row[1]): row[5] for row in found}
    assert ratios["b", "b"] == 0.16
    assert ratios["b", "i"] is None
    assert ratios["low", "a"] is None
    assert {row[0]: row[6] for row in found} == {"b": 11, "low": 3}


def test_frontier_of_the_leaderboard() -> None:
    board = make_rows(
        BOARD,
        ("overall", "all", "a", 0.9, 1),
        ("overall", "all", "b", 0.8, 2),
        ("overall", "all", "unranked", 0.99, None),
        ("overall", "independent", "b", 0.8, 1),
        ("code", "all", "b", 0.7, 1),
        ("code", "all", "a", 0.6, 2),
    )
    found = frontier(
        "price_quality",
        "category evidence_scope model_id adjusted_win_rate is_pareto dominated_by_model_id",
        {"a": (1, 1), "b": (2, 2), "unranked": (1, 1)},
        NO_SCORES,
        [row | {"benchmark_count": 3, "self_reported_share": 0.0} for row in board],
    )
    assert found == [
        ("code", "all", "a", 0.6, True, None),
        ("code", "all", "b", 0.7, True, None),
        ("overall", "all", "a", 0.9, True, None),
        ("overall", "all", "b", 0.8, False, "a"),
        ("overall", "independent", "b", 0.8, True, None),
    ]


RESULT = "evidence_scope model_id benchmark_id evidence win_rate model_count is_counted"


def adjusted(results: list[Row]) -> dict[tuple[str, str], dict[str, tuple[float, float, float]]]:
    """Compute `result`, `field_share` and `opponent_strength` of each result, by model.

    Returns them by scope and benchmark.
    """
    logits = {}
    weights = {}
    for row in results:
        key = (row["evidence_scope"], row["benchmark_id"], row["model_id"])
        wins, size = row["win_rate"] * (row["model_count"] - 1), row["model_count"]
        logits[key] = math.log((wins + 0.5) / (size - wins - 0.5))
        weights[key] = 1 / (size - 1)
    keys_of: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for key in logits:
        keys_of[key[0], key[2]].append(key)
    strengths = {
        model: sum(logits[key] for key in keys) / len(keys) for model, keys in keys_of.items()
    }

    def fields() -> dict[tuple[str, str], float]:
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for scope, benchmark, model in logits:
            sums[scope, benchmark] += strengths[scope, model]
        return sums

    for _ in range(5):
        field = fields()
        strengths = {
            model: sum(logits[key] + field[key[:2]] * weights[key] for key in keys)
            / sum(1 + weights[key] for key in keys)
            for model, keys in keys_of.items()
        }
    field = fields()
    found: dict[tuple[str, str], dict[str, tuple[float, float, float]]] = defaultdict(dict)
    for key, logit in logits.items():
        scope, benchmark, model = key
        share = field[key[:2]] * weights[key]
        opponents = share - strengths[scope, model] * weights[key]
        found[scope, benchmark][model] = (logit, share, opponents)
    return found


def test_results_adjusted_for_the_opponents() -> None:
    #: Scope and benchmark -> the win rate of each model.
    benchmarks: dict[tuple[str, str], dict[str, float]] = {
        ("all", "x"): {"a": 1, "b": 0.5, "c": 0},
        ("all", "y"): {"a": 0, "c": 1, "d": 0.5},
        ("all", "z"): {"a": 1 / 3, "b": 1, "c": 0, "d": 2 / 3},
        ("independent", "x"): {"a": 0, "b": 1},
    }
    counted = make_rows(
        RESULT,
        *(
            (scope, model, benchmark, "verified", float(rate), len(rates), True)
            for (scope, benchmark), rates in benchmarks.items()
            for model, rate in rates.items()
        ),
    )
    with small_tables(
        "staging.fixed_point",
        "staging.adjusted_results",
        staging__compared_scores=[
            *counted,
            *make_rows(RESULT, ("all", "a", "not-counted", "verified", 1.0, 2, False)),
        ],
    ) as tables:
        rows = tables.query("from staging.adjusted_results").to_dicts()
    expected = adjusted(counted)
    assert len(rows) == len(counted)
    for row in rows:
        values = expected[row["evidence_scope"], row["benchmark_id"]][row["model_id"]]
        assert (row["result"], row["field_share"], row["opponent_strength"]) == pytest.approx(
            values, abs=1e-10
        )


def test_leaderboard() -> None:
    """A strength of 0 is a rate of 0.5; a strength of `log(3)` is a rate of 0.75."""
    strong = 2 * math.log(3)

    def results(model_id: str, benchmarks: str, result: float = 0.0, **other: Any) -> list[Row]:
        return [
            {
                "evidence_scope": "all",
                "model_id": model_id,
                "benchmark_id": benchmark,
                "evidence": "verified",
                "win_rate": 0.5,
                "result": result,
                "opponent_weight": 1.0,
                "field_share": 0.0,
                "opponent_strength": 0.0,
                **other,
            }
            for benchmark in benchmarks
        ]

    rows = [
        *results("best", "xyz", strong / 2, field_share=strong / 2, win_rate=0.75),
        *results("tie-1", "xyz", opponent_strength=math.log(3)),
        *results("tie-2", "xy", evidence="self_reported", win_rate=1.0),
        *results("tie-2", "z", win_rate=0.0),
        *results("last", "xyz", -strong),
        *results("two", "xy", 2 * strong),
        *results("unlisted", "xyz", 2 * strong),
        *results("best", "xyz", -strong, evidence_scope="independent"),
    ]
    columns = (
        "category evidence_scope model_id rank adjusted_win_rate mean_win_rate field_strength "
        "benchmark_count self_reported_share is_priced"
    )
    with small_tables(
        "staging.fixed_point",
        "marts.leaderboard",
        staging__adjusted_results=rows,
        staging__leaderboard_categories=make_rows(
            "benchmark_id category is_independent",
            ("x", "code", True),
            ("x", "math", False),
            ("other", "math", True),
        ),
        staging__unlisted_models=[{"model_id": "unlisted"}],
        staging__cheapest_offers=[{"model_id": "best"}],
    ) as tables:
        found = tables.query(f"select {', '.join(columns.split())} from marts.leaderboard").rows
    by_group: dict[tuple[str, str], dict[str, tuple[Any, ...]]] = defaultdict(dict)
    for category, scope, model_id, *row in found:
        by_group[category, scope][model_id] = tuple(row)
    assert by_group["overall", "all"] == {
        "best": (1, 0.75, 0.75, 0.5, 3, 0.0, True),
        "tie-1": (2, 0.5, 0.5, 0.75, 3, 0.0, False),
        "tie-2": (2, 0.5, 0.666666666667, 0.5, 3, 2 / 3, False),
        "last": (4, 0.25, 0.5, 0.5, 3, 0.0, False),
        "two": (None, 0.9, 0.5, 0.5, 2, 0.0, False),
    }
    assert by_group["overall", "independent"] == {"best": (1, 0.25, 0.5, 0.5, 3, 0.0, True)}
    models = {"best", "tie-1", "tie-2", "last", "two"}
    assert {group: set(rows) for group, rows in by_group.items() if group[0] != "overall"} == {
        ("code", "all"): models,
        ("math", "all"): models,
        ("code", "independent"): {"best"},
    }
    assert {row[0] for row in by_group["code", "all"].values()} == {None}
