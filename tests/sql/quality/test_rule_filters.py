"""Rules of `data_quality` on small tables: the rows that a rule leaves out, and counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from support.small_tables import Row, findings, make_rows

DAY = dt.datetime(2026, 11, 1, 23)  # noqa: DTZ001  stored times are UTC without a zone
Findings = list[tuple[str, str]]

MODELS = make_rows(
    "model_id model_name fetched_at", ("m", "M", DAY), ("n", "M", None), ("o", "O", DAY)
)
SCORES = make_rows(
    "model_id benchmark_id evidence is_disputed score score_count is_comparable "
    "not_comparable_reason",
    ("m", "b", "self_reported", True, 2.0, 2, True, None),
    ("m", "c", "verified", False, 1.0, 1, False, "few models"),
    ("x", "b", "self_reported", False, 1.0, 1, True, None),
    ("x", "c", "self_reported", None, 1.0, 1, True, None),
)
OFFERS = make_rows(
    "model_id provider_id offer_number status input_usd_per_mtok output_usd_per_mtok",
    ("m", "p", 1, "active", 1.0, 1.0),
    ("m", "p", 2, "inactive", 1.0, None),
    ("m", "q", 1, "active", None, 1.0),
    ("m", "r", 1, None, None, None),
    ("x", "p", 1, "active", 1.0, 1.0),
)
COMPARED = make_rows(
    "model_id evidence_scope is_counted",
    *(("two", "all", True) for _ in range(2)),
    ("two", "all", False),
    ("two", "independent", True),
    *(("three", "all", True) for _ in range(3)),
    ("none", "all", False),
    ("other", "independent", True),
)
SUSPECT = make_rows(
    "model_id provider_id offer_number rule reason",
    ("m", "p", 1, "price_lopsided", "reason 1"),
    ("m", "p", 2, "price_outlier", "reason 2"),
)
UNAVAILABLE = "not published; excluded from price comparisons"
CASES: dict[str, tuple[dict[str, list[Row]], Findings]] = {
    "model_name_shared": (
        {"staging__models": MODELS},
        [(model, 'one of 2 models called "M"') for model in "mn"],
    ),
    "model_unlisted": (
        {
            "marts__models": make_rows(
                "model_id is_listed unlisted_since",
                ("m", False, DAY),
                ("n", True, None),
                ("o", None, None),
            )
        },
        [
            (
                "m",
                "not in the catalog since 2026-11-01; excluded from price comparisons and "
                "leaderboards",
            )
        ],
    ),
    "no_independent_score": (
        {"marts__scores": SCORES},
        [
            (
                "x",
                "all scores (2) come from the model's maker; not on the independent leaderboard",
            )
        ],
    ),
    "no_offer": (
        {"staging__models": MODELS, "marts__offers": OFFERS},
        [(model, "no provider listed; excluded from price comparisons") for model in "no"],
    ),
    "no_score": (
        {"staging__models": MODELS, "marts__scores": SCORES},
        [
            ("n", "record not fetched yet; excluded from leaderboards"),
            ("o", "no score listed; excluded from leaderboards"),
        ],
    ),
    "not_ranked": (
        {"staging__compared_scores": COMPARED},
        [
            ("none", "counted benchmarks: 0; a rank requires 3"),
            ("two", "counted benchmarks: 2; a rank requires 3"),
        ],
    ),
    "offer_not_available": (
        {"marts__offers": OFFERS},
        [("m", 'provider p, offer 2: status is "inactive"; excluded from price comparisons')],
    ),
    "offer_not_priced": (
        {"marts__offers": OFFERS},
        [
            ("m", f"provider p, offer 2: output price {UNAVAILABLE}"),
            ("m", f"provider q, offer 1: input price {UNAVAILABLE}"),
            ("m", f"provider r, offer 1: both prices {UNAVAILABLE}"),
        ],
    ),
    "price_lopsided": (
        {"staging__suspect_prices": SUSPECT},
        [("m", "provider p, offer 1: reason 1")],
    ),
    "price_outlier": (
        {"staging__suspect_prices": SUSPECT},
        [("m", "provider p, offer 2: reason 2")],
    ),
    "provider_repeated": (
        {"marts__offers": OFFERS},
        [("m", "provider p: listed 2 times for this model")],
    ),
    "score_disputed": (
        {"marts__scores": SCORES},
        [("m", "benchmark b: 2 listed scores differ; the chosen score is 2 (self_reported)")],
    ),
    "benchmark_not_comparable": (
        {"marts__scores": SCORES},
        [
            (
                "m",
                "benchmark c: few models; excluded from leaderboards and price comparisons",
            )
        ],
    ),
}


@pytest.mark.parametrize("rule", CASES)
def test_rows_of_a_rule(rule: str) -> None:
    relations, expected = CASES[rule]
    assert findings(rule, **relations) == expected


def test_unknown_fields_are_shortened_and_listed_once() -> None:
    long = f'{{"a":"{"x" * 200}"}}'
    extras = (None, long, '{"b":1}', '{"b":1}')

    def entries(**key: Any) -> list[Row]:
        return [key | {"model_id": "m", "extra": extra} for extra in extras]

    subjects = ("benchmark b: ", "provider p: ", "record: ")
    found = findings(
        "unknown_field",
        staging__models=entries()[:3],
        staging__offers=entries(provider_id="p"),
        staging__scores=entries(benchmark_id="b"),
    )
    expected = [(subject, detail) for subject in subjects for detail in (long[:200], '{"b":1}')]
    assert found == [("m", subject + detail) for subject, detail in expected]


def test_unreadable_values_of_the_record_are_not_repeated_for_the_summary() -> None:
    def entries(**values: str | None) -> list[Row]:
        return [{"model_id": name, "unreadable": value} for name, value in values.items()]

    found = findings(
        "unreadable_value",
        staging__models=entries(m='{"a": "x", "b": "y"}', n=None),
        staging__scores=[
            row | {"benchmark_id": "s"}
            for row in [*entries(m='{"a": "z"}', n=None), *entries(m='{"a": "z"}')]
        ],
        staging__catalog_models=entries(m='{"a": "x", "b": "z"}', n='{"a": "x"}', o=None),
    )
    assert found == [
        ("m", 'benchmark s: unreadable a: "z"'),
        ("m", 'record: unreadable a: "x"'),
        ("m", 'record: unreadable b: "y"'),
        ("m", 'summary: unreadable b: "z"'),
        ("n", 'summary: unreadable a: "x"'),
    ]
