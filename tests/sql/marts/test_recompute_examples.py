"""The recomputation of the marts on examples whose results can be computed by hand.

`test_recompute.py` compares the marts with the recomputation; these tests show that the
recomputation follows the definitions.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.recompute import VIEWS, ReviewedLists, head_to_head, prepare
from support.recompute.records import LISTING, Listing, Records, Rows
from support.record_factory import make_offer, make_record, make_score

NO_LISTS = ReviewedLists()
ORGANIZATION = {"id": "org", "name": "Org"}
VERIFIED = {"verified_by_llmstats": True, "is_self_reported": False}
#: Scores of three models. With these scores on three benchmarks, each model has a rank.
THREE = {"best": 0.9, "middle": 0.8, "worst": 0.7}


def _records(scores: dict[str, dict[str, Any]], **fields: dict[str, Any]) -> Records:
    """Return a record for each model in `{benchmark_id: {model_id: score}}`.

    A score is a value, or a value and the overrides of `make_score`. Each model has a different
    organization. Each keyword in `fields` names another field; its value is `{model_id: value}`.
    """
    model_ids = dict.fromkeys(model_id for values in scores.values() for model_id in values)
    return [
        make_record(
            model_id,
            scores=[
                _score(benchmark_id, values[model_id])
                for benchmark_id, values in scores.items()
                if model_id in values
            ],
            **{"organization": {"id": f"maker of {model_id}", "name": "Maker"}}
            | {name: values[model_id] for name, values in fields.items() if model_id in values},
        )
        for model_id in model_ids
    ]


def _score(benchmark_id: str, score: Any) -> dict[str, Any]:
    value, overrides = score if isinstance(score, tuple) else (score, {})
    return make_score(benchmark_id, value, **overrides)


def _rows(view: str, records: Records, lists: ReviewedLists = NO_LISTS, **wanted: str) -> Rows:
    """Return the rows of a view that have the wanted values."""
    return [
        row
        for row in VIEWS[view][0](prepare(records, lists))
        if all(row[name] == value for name, value in wanted.items())
    ]


def _by_model(view: str, column: str, records: Records, **wanted: str) -> dict[str, Any]:
    return {row["model_id"]: row[column] for row in _rows(view, records, NO_LISTS, **wanted)}


def _findings(rule: str, records: Records) -> dict[str, str]:
    """Return the findings of a rule: `{model_id: detail}`."""
    return _by_model("data_quality", "detail", records, rule=rule)


@pytest.mark.parametrize(
    ("input_price", "output_price", "blended", "is_free"),
    [(5, 25, 10, False), (5, 30, 11.25, False), (0, 0, 0, True), (5, None, None, False)],
)
def test_blended_price(
    input_price: float, output_price: float | None, blended: float | None, is_free: bool
) -> None:
    offers = [make_offer("p", input_price, output_price)]
    (row,) = _rows("offers", [make_record("m", providers=offers)])
    assert row["blended_usd_per_mtok"] == blended
    assert row["is_free"] is is_free


def test_price_rank_and_ratio_of_four_offers() -> None:
    offers = [make_offer(f"p{number}", price, price) for number, price in enumerate([2, 1, 1, 0])]
    records = [make_record("m", providers=offers)]
    rows = sorted(_rows("offers", records), key=lambda row: str(row["provider_id"]))
    assert [row["price_rank"] for row in rows] == [4, 2, 2, 1]
    assert [row["price_ratio_to_cheapest"] for row in rows] == [2, 1, 1, None]
    assert _by_model("model_prices", "spread_ratio", records) == {"m": 2}


def test_lowest_paid_price_and_its_providers() -> None:
    offers = [make_offer(name, price, price) for name, price in zip("zab", [1, 1, 2], strict=True)]
    records = [make_record("m", providers=[*offers, make_offer("free", 0, 0)])]
    (row,) = _rows("model_price_history", records)
    assert row["min_blended_usd_per_mtok"] == 1
    assert row["provider_ids"] == ["a", "z"]


@pytest.mark.parametrize(
    "offer", [make_offer("p", 0, 0), make_offer("p", 1, None), make_offer("p", 1, 1, status="off")]
)
def test_price_history_omits_a_model_without_an_available_paid_offer(offer: dict[str, Any]) -> None:
    assert _rows("model_price_history", [make_record("m", providers=[offer])]) == []


def test_suspect_offer_has_the_reasons_of_both_price_rules() -> None:
    offers = [make_offer("p", 2.4, 2.4), make_offer("p2", 2, 2), make_offer("slip", 2.4, 4800)]
    records = [make_record("m", providers=offers)]
    outlier = "output price 4800 is at least 100 times the model's median 2.4"
    lopsided = "input price 2.4 and output price 4800 differ by a factor of 100 or more"
    reasons = {row["provider_id"]: row["suspect_reason"] for row in _rows("offers", records)}
    assert reasons == {"p": None, "p2": None, "slip": f"{outlier}; {lopsided}"}
    assert {row["provider_id"] for row in _rows("offers", records) if row["is_suspect"]} == {"slip"}
    assert _by_model("model_prices", "is_suspect", records) == {"m": False}
    assert _findings("price_outlier", records) == {"m": f"provider slip, offer 1: {outlier}"}
    assert _findings("price_lopsided", records) == {"m": f"provider slip, offer 1: {lopsided}"}


def test_first_party_offer_has_the_id_of_the_organization() -> None:
    offers = [make_offer("org", 1, 1), make_offer("Org", 1, 1)]
    rows = _rows("offers", [make_record("m", organization=ORGANIZATION, providers=offers)])
    assert {row["provider_id"] for row in rows if row["is_first_party"]} == {"org"}


def test_win_rate_and_rank_of_four_values() -> None:
    records = _records({"b": {"m1": 0.9, "m2": 0.8, "m3": 0.8, "m4": 0.5}})
    assert list(_by_model("scores", "win_rate", records).values()) == [1, 0.5, 0.5, 0]
    assert list(_by_model("scores", "benchmark_rank", records).values()) == [1, 2, 2, 4]


@pytest.mark.parametrize(
    ("normalized", "scale"),
    [([0, 0.8, 1], "normalized"), ([0.9, 0.8, None], "raw"), ([0.9, 0.8, 55], "raw")],
)
def test_normalized_scale_requires_values_between_0_and_1(
    normalized: list[float | None], scale: str
) -> None:
    scores = {
        f"m{number}": (0.5, {"normalized_score": value}) for number, value in enumerate(normalized)
    }
    rows = _rows("scores", _records({"b": scores}))
    assert {row["scale"] for row in rows} == {scale}
    assert all(row["is_comparable"] for row in rows)


def test_benchmark_with_two_units_is_not_comparable() -> None:
    scores = {f"m{value}": (value, {"normalized_score": value}) for value in (55, 0.9, 0.8, 0.7)}
    (row,) = _rows("benchmarks", _records({"b": scores}))
    assert row["not_comparable_reason"] == "values look like two units mixed"


def test_aliases_are_one_benchmark_with_one_chosen_score() -> None:
    records = _records({"hle": {"m": 0.2, "n": 0.4}, "exam": {"m": (0.3, VERIFIED)}})
    lists = ReviewedLists(aliases={"exam": "hle"})
    (row,) = _rows("scores", records, lists, model_id="m")
    assert row["benchmark_id"] == "hle"
    assert row["upstream_benchmark_id"] == "exam"
    assert row["value"] == 0.3
    assert row["score_count"] == 2
    assert row["is_disputed"] is True
    assert [row["model_count"] for row in _rows("benchmarks", records, lists)] == [2]
    assert [row["benchmark_count"] for row in _rows("models", records, lists)] == [1, 1]


def test_benchmark_counts_organizations_and_priced_models() -> None:
    records = _records(
        {"b": {"free": 0.1, "paid": 0.2, "none": 0.3}},
        organization={"free": ORGANIZATION, "paid": ORGANIZATION},
        providers={"free": [make_offer("p", 0, 0)], "paid": [make_offer("p", 1, 1)]},
    )
    (row,) = _rows("benchmarks", records)
    assert row["organization_count"] == 2
    assert row["priced_model_count"] == 2


@pytest.mark.parametrize(
    ("descriptions", "expected"),
    [(["b", "a", "b"], "b"), (["b", "a"], "a"), (["", None, "z"], "z"), (["", None], None)],
)
def test_benchmark_has_the_most_frequent_description(
    descriptions: list[str | None], expected: str | None
) -> None:
    scores = {f"m{n}": (0.1, {"description": text}) for n, text in enumerate(descriptions)}
    (row,) = _rows("benchmarks", _records({"b": scores}))
    assert row["description"] == expected


def test_adjusted_win_rate_of_three_models_in_the_same_order_everywhere() -> None:
    """The log odds are ln 5, 0 and -ln 5.

    The strengths add up to 0, so the opponents of the best model have a mean of -s / 2, where s is
    its own strength. Therefore s = ln 5 - s / 2.
    """
    records = _records(dict.fromkeys("bcd", THREE))
    odds = {"best": 5 ** (2 / 3), "middle": 1, "worst": 5 ** (-2 / 3)}
    field_odds = {"best": 5 ** (-1 / 3), "middle": 1, "worst": 5 ** (1 / 3)}
    assert _by_model("leaderboard", "adjusted_win_rate", records) == {
        model_id: pytest.approx(value / (1 + value)) for model_id, value in odds.items()
    }
    assert _by_model("leaderboard", "field_strength", records) == {
        model_id: pytest.approx(value / (1 + value)) for model_id, value in field_odds.items()
    }
    assert _by_model("leaderboard", "mean_win_rate", records) == {
        "best": 1,
        "middle": 0.5,
        "worst": 0,
    }
    assert _by_model("leaderboard", "rank", records) == {"best": 1, "middle": 2, "worst": 3}


def test_adjusted_win_rate_is_higher_against_stronger_opponents() -> None:
    field = {"s1": 0.9, "s2": 0.8, "s3": 0.7, "w1": 0.6, "w2": 0.5, "w3": 0.4}
    among_strong = {"m": 0.5, "s1": 0.6, "s2": 0.4, "s3": 0.3}
    among_weak = {"n": 0.5, "w1": 0.6, "w2": 0.4, "w3": 0.3}
    records = _records(
        dict.fromkeys("bcd", field)
        | dict.fromkeys("efg", among_strong)
        | dict.fromkeys("hij", among_weak)
    )
    mean_win_rate, field_strength, rank = (
        _by_model("leaderboard", column, records)
        for column in ("mean_win_rate", "field_strength", "rank")
    )
    assert mean_win_rate["m"] == mean_win_rate["n"]
    assert field_strength["m"] > field_strength["n"]
    assert rank["m"] < rank["n"]


def test_benchmarks_of_one_organization_do_not_count() -> None:
    siblings = dict.fromkeys(THREE, ORGANIZATION)
    records = _records(dict.fromkeys("bcd", THREE), organization=siblings)
    assert _rows("leaderboard", records) == []
    assert _findings("not_ranked", records) == dict.fromkeys(
        THREE, "counted benchmarks: 0; a rank requires 3"
    )


def test_self_reported_score_in_another_unit_changes_nothing_among_independent_scores() -> None:
    verified = {"m1": (0.5, VERIFIED), "m2": (0.6, VERIFIED), "m3": (0.7, VERIFIED)}
    three, four = _records({"b": verified}), _records({"b": verified | {"m4": 85}})
    independent = _rows("leaderboard", three, evidence_scope="independent")
    assert [row["model_id"] for row in independent] == ["m1", "m2", "m3"]
    assert _rows("leaderboard", four, evidence_scope="independent") == independent
    assert _rows("leaderboard", four, evidence_scope="all") == []


def test_self_reported_score_adds_no_category_to_the_independent_board() -> None:
    verified = {"m1": (0.5, VERIFIED), "m2": (0.6, VERIFIED), "m3": (0.7, VERIFIED)}
    records = _records({"b": verified})
    records[0]["scores"].append(make_score("b", 0.5, category="code"))
    boards = {(row["category"], row["evidence_scope"]) for row in _rows("leaderboard", records)}
    assert boards == {("overall", "all"), ("overall", "independent"), ("code", "all")}


def test_each_category_of_a_benchmark_counts_for_all_its_models() -> None:
    records = _records({"exam": {"m1": 0.5, "m2": (0.6, {"category": "math"}), "m3": 0.7}})
    lists = ReviewedLists(aliases={"exam": "b"}, categories={"b": {"code"}})
    counted = {(row["category"], row["model_id"]) for row in _rows("leaderboard", records, lists)}
    assert counted == {
        (category, model_id)
        for category in ("overall", "code", "math")
        for model_id in ("m1", "m2", "m3")
    }


def test_unlisted_model_is_an_opponent_without_a_rank() -> None:
    records = _records(dict.fromkeys("bcd", THREE), **{LISTING: {"best": Listing(is_listed=False)}})
    assert _by_model("leaderboard", "rank", records) == {"middle": 1, "worst": 2}
    assert _by_model("leaderboard", "mean_win_rate", records) == {"middle": 0.5, "worst": 0}


def test_leaderboard_shows_the_share_of_self_reported_scores_and_whether_a_price_is_known() -> None:
    verified = {name: (value, VERIFIED) for name, value in THREE.items()}
    records = _records(
        dict.fromkeys("bcd", THREE) | {"e": verified},
        providers={"best": [make_offer("p", 0, 0)], "worst": [make_offer("p", 1, None)]},
    )
    rows = _rows("leaderboard", records)
    shares = {(row["evidence_scope"], row["self_reported_share"]) for row in rows}
    assert shares == {("all", 0.75), ("independent", 0)}
    assert {row["model_id"] for row in rows if row["is_priced"]} == {"best"}


def test_head_to_head_counts_wins_ties_and_losses() -> None:
    records = _records(
        {
            "b": {"m": 0.9, "n": 0.8, "o": 0.1},
            "c": {"m": 0.5, "n": 0.5, "o": 0.1},
            "lower": {"m": 0.5, "n": 0.4, "o": 0.9},
            "two models": {"m": 1, "n": 0},
        }
    )
    rows = head_to_head(prepare(records, ReviewedLists(lower_is_better={"lower"})))
    (row,) = (row for row in rows if (row["model_id"], row["opponent_model_id"]) == ("m", "n"))
    assert row["shared_benchmark_count"] == 3
    assert row["win_count"] == 1
    assert row["tie_count"] == 1
    assert row["loss_count"] == 1


#: Price and value of five models.
PARETO = {"A": (1, 0.5), "B": (2, 0.7), "C": (2, 0.6), "D": (0, 0.4), "E": (3, 0.7)}
PARETO_VALUES = {model_id: value for model_id, (_, value) in PARETO.items()}
PARETO_OFFERS = {
    model_id: [make_offer("p", price, price)] for model_id, (price, _) in PARETO.items()
}


def _assert_frontier_of_the_five(rows: Rows) -> None:
    assert {row["model_id"] for row in rows} == PARETO.keys()
    assert {row["model_id"] for row in rows if row["is_pareto"]} == {"A", "B", "D"}
    assert {row["model_id"] for row in rows if row["is_pareto_paid"]} == {"A", "B"}
    dominated = {row["model_id"]: row["dominated_by_model_id"] for row in rows}
    assert dominated == {"A": None, "B": None, "C": "B", "D": None, "E": "B"}
    assert {row["priced_model_count"] for row in rows} == {5}


def test_pareto_frontier_on_a_benchmark() -> None:
    records = _records({"b": PARETO_VALUES | {"not priced": 0.1}}, providers=PARETO_OFFERS)
    _assert_frontier_of_the_five(_rows("price_performance", records))


def test_pareto_frontier_on_the_leaderboard_holds_ranked_priced_models() -> None:
    values = PARETO_VALUES | {"not priced": 0.1}
    not_ranked = {"not ranked": 0.3, "not priced": 0.2, "third": 0.1}
    records = _records(
        dict.fromkeys("bcd", values) | {"e": not_ranked},
        providers=PARETO_OFFERS | {"not ranked": [make_offer("p", 0, 0)]},
    )
    _assert_frontier_of_the_five(_rows("price_quality", records))


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (0.0055, "value 0.0055 times 100 lies between the quartiles 0.5 and 0.6"),
        (0.06, "value 0.06 times 10 lies between the quartiles 0.5 and 0.6"),
        (0.049, None),  # too low for a slip by the factor 10, too high for 100
        (0.061, None),
        (4.401, "value 4.401 is more than eight times the median 0.55"),
        (4.4, None),
    ],
)
def test_score_in_another_unit(value: float, detail: str | None) -> None:
    others = enumerate([0.5, 0.5, 0.55, 0.55, 0.55, 0.6, 0.6, 0.6])
    scores = {f"m{number}": other for number, other in others} | {"m": value}
    found = _findings("score_outlier", _records({"b": scores}))
    assert found == ({"m": f"benchmark b: {detail}; possibly in another unit"} if detail else {})
