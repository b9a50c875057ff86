"""Table macros on small tables: filters, limits, ties, and the order of the rows."""

from __future__ import annotations

from typing import Any

import pytest
from support.small_tables import DAY_1, DAY_2, DAY_3, Row, make_rows, small_tables

OFFER = "model_id provider_id offer_number"
FUNCTIONS = (
    "staging.round_significant",
    "staging.blended_price",
    "staging.is_pareto",
    "staging.to_utc",
)


def call(columns: str, macro: str, *defined: str, **relations: list[Row]) -> list[tuple[Any, ...]]:
    """Return columns of a call such as `cheapest_with('b', 1)`, in the order of the macro."""
    name = f"marts.{macro.partition('(')[0]}"
    with small_tables(*FUNCTIONS, *defined, name, **relations) as tables:
        return tables.query(f"select {', '.join(columns.split())} from marts.{macro}").rows


@pytest.mark.parametrize(
    ("benchmark", "models"), [("high", ["limit", "above"]), ("low", ["limit", "below"])]
)
def test_cheapest_with(benchmark: str, models: list[str]) -> None:
    scores = make_rows(
        "model_id benchmark_id value is_lower_better is_comparable",
        *(
            (model_id, name, value, name == "low", True)
            for name in ("high", "low")
            for model_id, value in (("below", 0.4), ("limit", 0.5), ("above", 0.6))
        ),
        ("not-comparable", "high", 0.5, False, False),
        ("other", "other", 0.5, False, True),
    )
    offers = make_rows(
        f"{OFFER} price_rank blended_usd_per_mtok",
        *((name, "q", 1, 2, 3.0) for name in ("above", "below")),
        *((name, "p", 1, 1, 2.0) for name in ("above", "below", "not-comparable", "other")),
        *(("limit", "q", number, 1, 2.0) for number in (2, 1)),
        ("limit", "p", 3, 1, 2.0),
        ("limit", "a", 1, None, 1.0),
    )
    others = "provider_name input_usd_per_mtok output_usd_per_mtok is_free is_suspect"
    found = call(
        OFFER,
        f"cheapest_with('{benchmark}', 0.5)",
        marts__scores=[row | {"evidence": "verified"} for row in scores],
        marts__offers=[row | dict.fromkeys(others.split()) for row in offers],
    )
    limit = [("limit", "p", 3), ("limit", "q", 1), ("limit", "q", 2)]
    (other,) = (model_id for model_id in models if model_id != "limit")
    cheap = sorted([*limit, (other, "p", 1)])
    assert found == [*cheap, (other, "q", 1)]


def test_workload_cost() -> None:
    offers = make_rows(
        f"{OFFER} price_rank input_usd_per_mtok output_usd_per_mtok",
        ("n", "p", 1, 1, 1.0, 4.0),
        ("m", "q", 1, 1, 2.0, 0.0),
        ("m", "p", 2, 1, 1.0, 4.0),
        ("m", "p", 1, 1, 1.0, 4.0),
        ("m", "off", 1, None, 1.0, 1.0),
        ("n", "q", 1, 2, 10.0, 10.0),
    )
    others = dict.fromkeys(["provider_name", "is_suspect", "suspect_reason"])
    columns = f"{OFFER} input_cost_usd output_cost_usd cost_usd cost_rank model_cost_rank"
    found = call(
        columns, "workload_cost(2000000, 500000)", marts__offers=[row | others for row in offers]
    )
    assert found == [
        ("m", "p", 1, 2.0, 2.0, 4.0, 1, 1),
        ("m", "p", 2, 2.0, 2.0, 4.0, 1, 1),
        ("m", "q", 1, 4.0, 0.0, 4.0, 1, 1),
        ("n", "p", 1, 2.0, 2.0, 4.0, 1, 1),
        ("n", "q", 1, 20.0, 5.0, 25.0, 5, 2),
    ]


def test_head_to_head() -> None:
    compared = make_rows(
        "evidence_scope model_id benchmark_id directed_value is_counted",
        *(
            ("all", "a", name, value, True)
            for name, value in zip("xyzw", (3, 2, 1, 0), strict=True)
        ),
        *(("all", "c", name, 2, True) for name in "xyz"),
        *(("all", "b", name, 2, True) for name in "xyz"),
        *(("all", "d", name, 0, True) for name in "wxyz"),
        ("all", "not-counted", "x", 1, False),
        ("all", "a", "uncounted", 1, False),
        ("all", "b", "uncounted", 1, True),
        ("all", "b", "not-own", 1, True),
        ("independent", "a", "x", 3, True),
        ("independent", "b", "x", 3, True),
    )
    columns = "opponent_model_id shared_benchmark_count win_count tie_count loss_count"
    assert call(columns, "head_to_head('a')", staging__compared_scores=compared) == [
        ("d", 4, 3, 1, 0),
        ("b", 3, 1, 1, 1),
        ("c", 3, 1, 1, 1),
    ]
    assert call(columns, "head_to_head('unknown')", staging__compared_scores=compared) == []


def compare(ids: str) -> list[tuple[Any, ...]]:
    scores = make_rows(
        "model_id benchmark_id value is_lower_better is_comparable",
        *((model, "high", value, False, True) for model, value in (("b", 1.0), ("a", 2.0))),
        *((model, "low", value, True, True) for model, value in (("b", 1.0), ("a", 2.0))),
        *((model, "tie", 1.0, False, True) for model in "ba"),
        *((model, "mixed", value, False, False) for model, value in (("a", 1.0), ("b", 2.0))),
        ("a", "own", 1.0, False, True),
        ("c", "high", 9.0, False, True),
    )
    benchmarks = make_rows(
        "benchmark_id category",
        ("own", "a"),
        ("tie", "a"),
        ("mixed", "a"),
        ("low", "b"),
        ("high", "b"),
    )
    others = "benchmark_name scale is_lower_better not_comparable_reason"
    return call(
        "benchmark_id value_by_model::varchar winner_model_ids",
        f"compare_models({ids})",
        "staging.shared_scores",
        marts__scores=[row | {"evidence": row["model_id"]} for row in scores],
        marts__benchmarks=[row | dict.fromkeys(others.split()) for row in benchmarks],
    )


def test_compare_models() -> None:
    expected = [
        ("mixed", "{a=1.0, b=2.0}", None),
        ("tie", "{a=1.0, b=1.0}", ["a", "b"]),
        ("high", "{a=2.0, b=1.0}", ["a"]),
        ("low", "{a=2.0, b=1.0}", ["b"]),
    ]
    assert compare("['a', 'b']") == expected
    assert compare("['b', 'a', 'b']") == expected
    assert compare("['a', 'b', 'unknown']") == []
    assert compare("['a', 'b', null]") == []


def test_pareto_frontier() -> None:
    """`c` costs 2 with its cheaper offer; `free` costs nothing."""
    offers = make_rows(
        f"{OFFER} price_rank input_usd_per_mtok output_usd_per_mtok is_suspect",
        ("a", "p", 1, 1, 4.0, 4.0, False),
        ("b", "p", 1, 1, 2.0, 2.0, False),
        ("c", "q", 1, 1, 2.0, 2.0, True),
        ("c", "p", 2, 1, 2.0, 2.0, True),
        ("c", "p", 1, 1, 2.0, 2.0, False),
        ("c", "o", 1, 2, 3.0, 3.0, True),
        ("d", "p", 1, 1, 2.0, 2.0, False),
        ("e", "p", 1, 1, 9.0, 9.0, False),
        ("e", "off", 1, None, 1.0, 1.0, False),
        ("free", "p", 1, 1, 0.0, 0.0, False),
        ("mixed", "p", 1, 1, 0.1, 0.1, False),
    )
    scores = make_rows(
        "model_id benchmark_id value is_lower_better is_comparable",
        *(
            (model_id, "high", value, False, True)
            for model_id, value in (
                ("a", 0.9), ("c", 0.8), ("b", 0.8), ("d", 0.7), ("e", 0.9), ("free", 0.1)
            )
        ),
        ("unpriced", "high", 1.0, False, True),
        ("mixed", "high", 1.0, False, False),
        ("a", "low", 0.1, True, True),
        ("d", "low", 0.2, True, True),
        ("e", "low", 0.2, True, True),
    )  # fmt: skip
    tables = {
        "marts__offers": [row | {"is_free": row["model_id"] == "free"} for row in offers],
        "marts__scores": scores,
    }
    columns = "model_id provider_id price_usd_per_mtok is_suspect"
    assert call(columns, "pareto_frontier('high')", **tables) == [
        ("free", "p", 0.0, False),
        ("b", "p", 2.0, False),
        ("c", "p", 2.0, False),
        ("a", "p", 4.0, False),
    ]
    assert call("model_id", "pareto_frontier('low')", **tables) == [("d",), ("a",)]
    weighted = [row | {"output_usd_per_mtok": 0.0} for row in tables["marts__offers"]]
    costs = "pareto_frontier('high', input_weight := 1, output_weight := 1)"
    found = call("model_id price_usd_per_mtok", costs, **tables | {"marts__offers": weighted})
    assert found[-1] == ("a", 2.0)


@pytest.mark.parametrize("moment", ["'2026-11-02'", "timestamp '2026-11-02'", "date '2026-11-02'"])
def test_prices_as_of(moment: str) -> None:
    columns = "model_id provider_id is_available valid_from valid_to"
    offers = make_rows(
        columns,
        ("m", "open", True, DAY_1, None),
        ("m", "began", True, DAY_2, None),
        ("m", "ended", True, DAY_1, DAY_2),
        ("m", "still", True, DAY_1, DAY_3),
        ("m", "later", True, DAY_3, None),
        ("m", "off", False, DAY_1, None),
        ("no-listing", "p", True, DAY_1, None),
        ("listed-again", "p", True, DAY_1, None),
        ("unlisted", "p", True, DAY_1, None),
        ("unlisted-for-a-day", "p", True, DAY_1, None),
        ("unlisted-later", "p", True, DAY_1, None),
    )
    others = dict.fromkeys(
        [
            "offer_number",
            "provider_name",
            "status",
            "input_usd_per_mtok",
            "output_usd_per_mtok",
            "blended_usd_per_mtok",
        ]
    )
    listings = make_rows(
        "model_id is_listed valid_from valid_to",
        ("m", True, DAY_1, None),
        ("listed-again", False, DAY_1, DAY_2),
        ("listed-again", True, DAY_2, None),
        ("unlisted", False, DAY_2, None),
        ("unlisted-for-a-day", False, DAY_2, DAY_3),
        ("unlisted-later", True, DAY_1, DAY_3),
        ("unlisted-later", False, DAY_3, None),
    )
    found = call(
        "model_id provider_id is_available",
        f"prices_as_of({moment})",
        marts__price_history=[row | others for row in offers],
        history__listings=listings,
    )
    assert sorted(found) == [
        ("listed-again", "p", True),
        ("m", "began", True),
        ("m", "off", False),
        ("m", "open", True),
        ("m", "still", True),
        ("no-listing", "p", True),
        ("unlisted", "p", False),
        ("unlisted-for-a-day", "p", False),
        ("unlisted-later", "p", True),
    ]


def test_scores_as_of() -> None:
    scores = make_rows(
        "model_id benchmark_id valid_from valid_to",
        ("open", "b", DAY_1, None),
        ("began", "alias", DAY_2, None),
        ("ended", "b", DAY_1, DAY_2),
        ("still", "b", DAY_1, DAY_3),
        ("later", "b", DAY_3, None),
    )
    others = dict.fromkeys(
        [
            "score_number",
            "benchmark_name",
            "score",
            "max_score",
            "normalized_score",
            "is_self_reported",
            "is_verified",
            "source_url",
        ]
    )
    found = call(
        "model_id benchmark_id upstream_benchmark_id",
        "scores_as_of('2026-11-02')",
        history__scores=[row | others for row in scores],
        staging__benchmark_aliases=make_rows("alias benchmark_id", ("alias", "c")),
    )
    assert sorted(found) == [("began", "c", "alias"), ("open", "b", "b"), ("still", "b", "b")]
