"""Views that join other views, on small tables: missing rows, periods, and matching keys."""

from __future__ import annotations

import re
from typing import Any

from llm_stats.transform.files import find_relation
from support.small_tables import DAY_1, DAY_2, DAY_3, DAY_4, make_rows, nulls, select_rows


def test_models() -> None:
    file = find_relation("marts.models")
    assert file is not None
    unused = nulls(" ".join(re.findall(r"\bmodels\.(\w+)", file.text)))
    fetched = {"full": DAY_1, "empty": DAY_1, "summary": None, "relisted": DAY_1, "left": DAY_1}
    found = select_rows(
        "model_id modalities offer_count benchmark_count is_listed listed_at unlisted_since",
        "marts.models",
        staging__models=[
            unused | {"model_id": name, "fetched_at": day} for name, day in fetched.items()
        ],
        staging__modalities=make_rows(
            "model_id modality", ("full", "text"), ("full", "image"), ("full", "text")
        ),
        staging__current_offers=make_rows("model_id", ("full",), ("full",), ("other",)),
        staging__chosen_scores=make_rows("model_id", ("full",), ("full",), ("full",), ("other",)),
        history__listings=make_rows(
            "model_id is_listed valid_from valid_to",
            ("full", True, DAY_1, None),
            ("relisted", False, DAY_1, DAY_2),
            ("relisted", True, DAY_2, None),
            ("left", True, DAY_1, DAY_3),
            ("left", False, DAY_3, None),
        ),
        staging__listed_models=make_rows("model_id listed_at", ("full", DAY_4), ("left", DAY_2)),
    )
    assert found == [
        ("empty", None, 0, 0, None, None, None),
        ("full", ["image", "text"], 2, 3, True, DAY_4, None),
        ("left", None, 0, 0, False, DAY_2, DAY_3),
        ("relisted", None, 0, 0, True, None, None),
        ("summary", None, 0, None, None, None, None),
    ]


def test_scores() -> None:
    """Values of the scope `all` on the same benchmark are joined."""
    compared = (
        "model_id benchmark_id evidence_scope value not_comparable_reason scale is_lower_better "
        "benchmark_rank win_rate gap_to_best model_count"
    )
    others = ("raw", False, 1, 1.0, 0.0, 2)
    chosen = nulls(
        "upstream_benchmark_id benchmark_name category evidence score_count is_disputed score "
        "normalized_score max_score is_verified is_self_reported scored_at api_rank source_url"
    )
    found = select_rows(
        "model_id benchmark_id value is_comparable not_comparable_reason",
        "marts.scores",
        staging__chosen_scores=[
            chosen | row
            for row in make_rows("model_id benchmark_id", ("m", "b"), ("m", "c"), ("n", "b"))
        ],
        staging__compared_scores=make_rows(
            compared,
            ("m", "b", "all", 1.0, None, *others),
            ("m", "b", "independent", 2.0, "few", *others),
            ("m", "c", "all", 3.0, "few", *others),
            ("n", "b", "all", 4.0, None, *others),
            ("n", "d", "all", 5.0, None, *others),
        ),
    )
    assert found == [
        ("m", "b", 1.0, True, None),
        ("m", "c", 3.0, False, "few"),
        ("n", "b", 4.0, True, None),
    ]


def test_price_history() -> None:
    offers = make_rows(
        "model_id provider_id status input_usd_per_mtok output_usd_per_mtok valid_to",
        ("m", "active", "active", 1.0, 5.0, None),
        ("m", "ended", "active", 1.0, None, DAY_2),
        ("m", "off", "inactive", None, 1.0, None),
        ("m", "unknown", None, 1.0, 1.0, None),
    )
    others = {"offer_number": 1, "provider_name": "P", "valid_from": DAY_1}
    found = select_rows(
        "provider_id is_available blended_usd_per_mtok is_current",
        "marts.price_history",
        "staging.blended_price",
        "staging.round_significant",
        history__offers=[row | others for row in offers],
    )
    assert found == [
        ("active", True, 2.0, True),
        ("ended", True, None, False),
        ("off", False, None, True),
        ("unknown", None, 1.0, True),
    ]


def lowest_prices(
    *offers: tuple[Any, ...], unlisted: tuple[tuple[Any, ...], ...] = ()
) -> dict[str, list[tuple[Any, ...]]]:
    """Return price, providers, start and end of each period of each model.

    An offer has model, provider, price, `valid_from` and `valid_to`, and optionally `is_available`
    and the input price.
    """
    history = []
    for model_id, provider_id, price, start, end, *other in offers:
        is_available = other[0] if other else True
        price_in = other[1] if len(other) > 1 else price
        history.append(
            {
                "model_id": model_id,
                "provider_id": provider_id,
                "is_available": is_available,
                "blended_usd_per_mtok": price,
                "input_usd_per_mtok": price_in,
                "output_usd_per_mtok": price,
                "valid_from": start,
                "valid_to": end,
            }
        )
    found: dict[str, list[tuple[Any, ...]]] = {}
    for model_id, *row in select_rows(
        "model_id valid_from valid_to min_blended_usd_per_mtok provider_ids is_current",
        "marts.model_price_history",
        marts__price_history=history,
        history__listings=[
            {"model_id": "other", "valid_from": DAY_1, "valid_to": DAY_2, "is_listed": True},
            *make_rows("model_id valid_from valid_to is_listed", *unlisted),
        ],
    ):
        assert row[4] == (row[1] is None)
        found.setdefault(model_id, []).append((row[2], "".join(row[3]), row[0], row[1]))
    return found


def test_periods_of_the_lowest_price() -> None:
    found = lowest_prices(
        ("cut", "p", 2.0, DAY_1, DAY_3),
        ("cut", "p", 1.0, DAY_3, None),
        ("other-provider", "p", 2.0, DAY_1, None),
        ("other-provider", "q", 1.0, DAY_2, DAY_3),
        ("tie", "q", 1.0, DAY_1, None),
        ("tie", "p", 1.0, DAY_1, None),
        ("tie", "p", 1.0, DAY_1, None),
        ("tie-later", "p", 1.0, DAY_1, None),
        ("tie-later", "q", 1.0, DAY_2, None),
        ("same", "p", 1.0, DAY_1, DAY_2),
        ("same", "p", 1.0, DAY_2, DAY_3),
        ("same", "q", 5.0, DAY_2, None),
        ("gap", "p", 1.0, DAY_1, DAY_2),
        ("gap", "p", 1.0, DAY_3, None),
        ("left-out", "free", 0.0, DAY_1, None),
        ("left-out", "off", 0.5, DAY_1, None, False),
        ("left-out", "unpriced", None, DAY_1, None),
        ("left-out", "p", 1.0, DAY_2, DAY_3),
        ("free-input", "p", 1.0, DAY_1, None, True, 0.0),
    )
    assert found == {
        "cut": [(2.0, "p", DAY_1, DAY_3), (1.0, "p", DAY_3, None)],
        "other-provider": [
            (2.0, "p", DAY_1, DAY_2),
            (1.0, "q", DAY_2, DAY_3),
            (2.0, "p", DAY_3, None),
        ],
        "tie": [(1.0, "pq", DAY_1, None)],
        "tie-later": [(1.0, "p", DAY_1, DAY_2), (1.0, "pq", DAY_2, None)],
        "same": [(1.0, "p", DAY_1, DAY_3), (5.0, "q", DAY_3, None)],
        "gap": [(1.0, "p", DAY_1, DAY_2), (1.0, "p", DAY_3, None)],
        "left-out": [(1.0, "p", DAY_2, DAY_3)],
        "free-input": [(1.0, "p", DAY_1, None)],
    }


def test_unlisted_periods_have_no_lowest_price() -> None:
    found = lowest_prices(
        ("back", "p", 1.0, DAY_1, None),
        ("left", "p", 1.0, DAY_1, None),
        ("new-price", "p", 1.0, DAY_1, DAY_3),
        ("new-price", "p", 2.0, DAY_3, None),
        ("listed", "p", 1.0, DAY_1, None),
        unlisted=(
            ("back", DAY_2, DAY_3, False),
            ("left", DAY_2, None, False),
            ("new-price", DAY_2, DAY_4, False),
            ("listed", DAY_2, DAY_3, True),
        ),
    )
    assert found == {
        "back": [(1.0, "p", DAY_1, DAY_2), (1.0, "p", DAY_3, None)],
        "left": [(1.0, "p", DAY_1, DAY_2)],
        "new-price": [(1.0, "p", DAY_1, DAY_2), (2.0, "p", DAY_4, None)],
        "listed": [(1.0, "p", DAY_1, None)],
    }
