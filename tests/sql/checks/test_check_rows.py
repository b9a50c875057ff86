"""Rows of checks on small tables: limits, ties, and rows that must not be compared."""

from __future__ import annotations

from typing import Any

import pytest
from llm_stats.transform.checks import all_checks
from support.small_tables import DAY_1, DAY_2, DAY_3, Row, make_rows, small_tables

_CHECKS = {check.name: check.text for check in all_checks()}


def rows(check: str, **relations: list[Row]) -> list[tuple[Any, ...]]:
    with small_tables(**relations) as tables:
        return sorted(tables.query(_CHECKS[check]).rows, key=repr)


OFFER = "model_id provider_id offer_number status input_usd_per_mtok output_usd_per_mtok"
State = tuple[str | None, float | None, float | None]


def changes(
    *pairs: tuple[State, State],
    catalog_pairs: tuple[tuple[State, State], ...] = (),
    catalog: tuple[int, int, int] | None = None,
) -> list[tuple[Any, ...]]:
    """Return the rows of `prices_slipped` for offers with an old and a new state.

    `pairs` are offers of records, and `catalog_pairs` are offers of summaries. `catalog` has the
    numbers of offers and models in the catalog, and of models in the last read. By default, the
    catalog is one model with the offers in `catalog_pairs`.
    """
    offer_count, model_count, listed_count = catalog or (len(catalog_pairs), 1, 1)
    offers: list[Row] = []
    for model_id, states in (("record", pairs), ("summary", catalog_pairs)):
        for number, (old, new) in enumerate(states, start=1):
            key = (model_id, "p", number)
            periods = make_rows(
                f"{OFFER} valid_from valid_to",
                (*key, *old, DAY_1, DAY_2),
                (*key, *new, DAY_2, None),
            )
            unchanged = periods[0] | {"valid_to": None}
            offers += [unchanged] if old == new else periods
    # a delisted offer, a new offer, an earlier period, and an offer of a model of another load
    offers += make_rows(
        f"{OFFER} valid_from valid_to",
        ("record", "gone", 1, "active", 1.0, 1.0, DAY_1, DAY_2),
        ("record", "new", 1, "active", 1.0, 1.0, DAY_2, None),
        ("record", "p", 1, "active", 9e9, 9e9, DAY_1 - (DAY_2 - DAY_1), DAY_1),
        ("earlier", "p", 1, "active", 1.0, 1.0, DAY_1, DAY_2),
        ("earlier", "p", 1, "inactive", 1000.0, 1000.0, DAY_2, None),
    )
    return rows(
        "prices_slipped",
        staging__last_load=[{"load_id": "2"}],
        staging__catalog_reads=make_rows(
            "load_id read_at model_count", ("1", DAY_1, 9), ("2", DAY_2, listed_count)
        ),
        staging__catalog_models=make_rows(
            "model_id read_at", ("summary", DAY_2), ("record", DAY_1)
        ),
        history__models=make_rows(
            "model_id offers_load_id offers_last_seen_at",
            ("record", "2", DAY_2),
            ("summary", "2", DAY_2),
            ("earlier", "1", DAY_2),
        ),
        history__offers=offers,
        history__row_counts=make_rows(
            "load_id table_name row_count",
            ("1", "raw.catalog_models__providers", 900),
            ("1", "raw.catalog_models", 9),
            ("2", "raw.catalog_models__providers", offer_count),
            ("2", "raw.catalog_models", model_count),
            ("2", "raw.models", 99),
        ),
    )


def priced(old: float | None, new: float | None) -> tuple[State, State]:
    """Return the states of an offer whose input price changes."""
    return ("active", old, 1.0), ("active", new, 1.0)


SAME = priced(1.0, 1.0)
FACTOR = "input price changed by the same factor"


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([priced(1, 10)] * 10, [(FACTOR, 10, 10, 10)]),
        ([priced(10, 1)] * 10, [(FACTOR, 0.1, 10, 10)]),
        ([priced(1, 9.9)] * 10, []),
        ([priced(1, 0.11)] * 10, []),
        ([priced(1, 100)] * 9, []),
        ([priced(1, 100)] * 10 + [SAME] * 9, [(FACTOR, 100, 10, 19)]),
        ([priced(1, 100)] * 10 + [SAME] * 10, []),
        ([priced(1, 100)] * 8 + [priced(1, 100.9)] * 2, [(FACTOR, 100, 10, 10)]),
        ([priced(1, 100)] * 8 + [priced(1, 99.1)] * 2, [(FACTOR, 100, 10, 10)]),
        ([priced(1, 100)] * 9 + [priced(1, 102)], []),
        ([priced(0, 100)] * 10, []),
        ([priced(-1, -100)] * 10, []),
        ([priced(1, 0)] * 10, [("input price became 0", None, 10, 10)]),
        ([priced(0, 1e-9)] * 10, []),
        ([priced(1, None)] * 10, [("lost a price", None, 10, 10)]),
        ([priced(None, 1)] * 10, []),
        ([(("active", 1, 0), ("active", 1, None))] * 10, [("lost a price", None, 10, 10)]),
        ([(("active", 1, None), ("retired", 1, None))] * 9 + [SAME], []),
        ([(("active", 1, 1), (None, 1, 1))] * 10, [("became unavailable", None, 10, 10)]),
        ([(("on", None, None), ("off", None, None))] * 10, []),
        ([(("off", None, None), ("active", None, None))] * 10, []),
        ([(("active", 1, 1), ("active", 1, 0))] * 10, [("output price became 0", None, 10, 10)]),
        (
            [(("active", 1, 2), ("active", 100, 4000))] * 10,
            [(FACTOR, 100, 10, 10), ("output price changed by the same factor", 2000, 10, 10)],
        ),
    ],
)  # fmt: skip
def test_changes_of_most_offers(
    pairs: list[tuple[State, State]], expected: list[tuple[Any, ...]]
) -> None:
    assert changes(*pairs) == expected


def test_catalog_and_records_are_judged_separately() -> None:
    both = changes(*[priced(1, 100)] * 10, catalog_pairs=(priced(1, 10),) * 11)
    assert both == [(FACTOR, 10, 11, 11), (FACTOR, 100, 10, 10)]
    half = changes(*[priced(1, 100)] * 5, *[SAME] * 5, catalog_pairs=(priced(1, 100),) * 5)
    assert half == []


@pytest.mark.parametrize(
    ("changed", "listed", "is_slip"),
    [(10, 30, False), (15, 30, False), (16, 30, True), (10, 20, False), (11, 20, True)],
)
def test_changes_of_most_offers_of_the_last_read(changed: int, listed: int, is_slip: bool) -> None:
    """The catalog has 30 models with one offer each; the last read lists `listed` of them."""
    inactive = (("active", 1, 1), ("inactive", 1, 1))
    found = changes(catalog_pairs=(inactive,) * changed, catalog=(30, 30, listed))
    assert found == ([("became unavailable", None, changed, listed)] if is_slip else [])


def test_shrunk_table_is_that_of_the_last_of_two_loads_at_the_same_time() -> None:
    columns = "load_id table_name row_count counted_at"
    counts = make_rows(
        columns,
        ("2", "t", 50, DAY_2),
        ("1", "t", 100, DAY_2),
        ("3", "u", 50, DAY_3),
        ("2", "u", 100, DAY_2),
        ("0", "u", 10, DAY_1),
        ("1", "v", 100, DAY_1),
        ("2", "v", 80, DAY_2),
        ("1", "w", 20, DAY_1),
        ("2", "w", 10, DAY_2),
        ("1", "x", 20, DAY_1),
        ("2", "x", 9, DAY_2),
    )
    expected = [("2", "t", 100, 50), ("2", "x", 20, 9), ("3", "u", 100, 50)]
    assert rows("tables_shrunk", history__row_counts=counts) == expected


def test_overlapping_rows_of_the_same_item_only() -> None:
    """Rows of different items may overlap. A row may begin when the previous one ends."""
    periods = ((DAY_1, DAY_3), (DAY_2, None))
    offers = make_rows(
        "model_id provider_id offer_number valid_from valid_to",
        *(("m", "p", number, *period) for number, period in enumerate(periods)),
        *(("m", name, 1, *period) for name, period in zip("qr", periods, strict=True)),
        *((name, "p", 9, *period) for name, period in zip("no", periods, strict=True)),
        ("m", "s", 1, DAY_1, DAY_2),
        ("m", "s", 1, DAY_2, None),
        ("m", "twice", 1, DAY_1, None),
        ("m", "twice", 1, DAY_1, DAY_2),
        ("m", "empty", 1, DAY_1, DAY_1),
    )
    scores = [
        {("benchmark_id" if name == "provider_id" else name).replace("offer", "score"): value
         for name, value in row.items()}
        for row in offers
    ]  # fmt: skip
    listings = make_rows(
        "model_id valid_from valid_to",
        *((name, *period) for name, period in zip("no", periods, strict=True)),
        ("s", DAY_1, DAY_2),
        ("s", DAY_2, None),
        ("twice", DAY_1, None),
        ("twice", DAY_1, DAY_2),
        ("empty", DAY_1, DAY_1),
    )
    found = rows(
        "history_in_order",
        history__offers=offers,
        history__scores=scores,
        history__listings=listings,
    )
    assert found == sorted(
        [
            *(
                (f"history.{table}", "m", item, 1, *period)
                for table in ("offers", "scores")
                for item, period in (("twice", (DAY_1, DAY_2)), ("empty", (DAY_1, DAY_1)))
            ),
            ("history.listings", "twice", None, None, DAY_1, DAY_2),
            ("history.listings", "empty", None, None, DAY_1, DAY_1),
        ],
        key=repr,
    )


def test_record_and_last_successful_fetch_are_from_the_same_load() -> None:
    fetches = make_rows(
        "model_id requested_at load_id outcome",
        ("good", DAY_1, "1", "loaded"),
        ("good", DAY_2, "0", "not_modified"),
        ("good", DAY_3, "3", "failed"),
        ("good", DAY_2, "9", "deferred"),
        ("same-time", DAY_1, "1", "loaded"),
        ("same-time", DAY_1, "2", "loaded"),
        ("other", DAY_1, "1", "loaded"),
        ("only-fetched", DAY_1, "1", "not_modified"),
        ("only-failed", DAY_1, "1", "failed"),
    )
    models = make_rows(
        "model_id load_id", ("good", "0"), ("same-time", "2"), ("other", "2"), ("only-model", "1")
    )
    found = rows(
        "fetches_agree_with_models", staging__fetches=fetches, staging__detail_models=models
    )
    assert found == [
        ("only-fetched", None, "1"),
        ("only-model", "1", None),
        ("other", "2", "1"),
    ]


@pytest.mark.parametrize(
    ("blended", "price", "is_wrong"),
    [
        (1000 * (1 + 0.9e-9), 1000.0, False),
        (1000 * (1 + 3e-9), 1000.0, True),
        (0.01, 0.01, False),
        (0.01 + 0.9e-9, 0.01, False),
        (0.01 - 0.9e-9, 0.01, False),
        (0.01 - 2e-9, 0.01, True),
        (0.0, 0.0, False),
    ],
)
def test_blended_price_may_be_rounded(blended: float, price: float, is_wrong: bool) -> None:
    offers = make_rows(
        f"{OFFER} blended_usd_per_mtok price_rank is_available price_ratio_to_cheapest",
        ("m", "p", 1, "active", price, price, blended, 1, True, 1.0),
        ("m", "q", 1, "inactive", 1.0, None, None, None, False, 0.5),
    )
    prices = make_rows(
        "model_id min_blended_usd_per_mtok median_blended_usd_per_mtok max_blended_usd_per_mtok "
        "spread_ratio",
        ("m", 1.0, 1.0, 1.0, 1.0),
    )
    found = rows("prices_in_range", marts__offers=offers, marts__model_prices=prices)
    problem = ("marts.offers", "m / p / 1", "the blended price is not between the two prices")
    assert found == ([problem] if is_wrong else [])


def test_numbers_of_scores_are_compared() -> None:
    """`a` is an alias of `b`. Entries that differ only in category are one score."""
    fields = (
        "model_id benchmark_id benchmark_name score max_score normalized_score is_self_reported "
        "is_verified scored_at source_url"
    )
    same: tuple[Any, ...] = ("Name", 0.5, 1.0, None, True, False, DAY_1, None)
    other: tuple[Any, ...] = (*same[:-1], "url")
    record = make_rows(
        fields, ("m", "b", *same), ("m", "b", *same), ("m", "b", *other), ("m", "a", *same)
    )
    history = make_rows(
        "model_id benchmark_id valid_to",
        ("m", "b", None),
        ("m", "b", None),
        ("m", "b", DAY_2),
        ("m", "a", None),
    )
    aliases = [{"alias": "a", "benchmark_id": "b"}]

    def agree(history: list[Row], count: int) -> list[tuple[Any, ...]]:
        return rows(
            "scores_agree",
            staging__scores=record,
            staging__benchmark_aliases=aliases,
            history__scores=history,
            marts__scores=make_rows("model_id benchmark_id score_count", ("m", "b", count)),
        )

    assert agree(history, 3) == []
    assert agree(history, 2) == [("m", "b", 3, 3, 2)]
    assert agree(history[1:], 3) == [("m", "b", 3, 2, 3)]


def test_equal_offers_are_counted() -> None:
    columns = (
        "model_id provider_id provider_name status input_usd_per_mtok output_usd_per_mtok valid_to"
    )
    offer = ("m", "p", "P", "active", 1.0, 2.0)
    current, ended = (*offer, None), (*offer, DAY_1)

    def agree(record: int, history: int, marts: int) -> list[tuple[Any, ...]]:
        return rows(
            "offers_agree",
            staging__offers=make_rows(columns, *[current] * record),
            history__offers=make_rows(columns, *[current] * history, ended),
            marts__offers=make_rows(columns, *[current] * marts),
        )

    assert agree(2, 2, 2) == []
    assert agree(2, 1, 1) == [(*offer, 2, 1, 1)]
    assert agree(1, 2, 1) == [(*offer, 1, 2, 1)]
    assert agree(1, 1, 2) == [(*offer, 1, 1, 2)]


def test_every_wrong_row_is_a_finding() -> None:
    """Two equal rows are two findings."""
    scores = make_rows(
        "model_id benchmark_id win_rate benchmark_rank model_count gap_to_best value",
        *[("m", "b", 1.5, 1, 1, 0.0, 1.0)] * 2,
    )
    benchmarks = make_rows(
        "benchmark_id verified_share self_reported_share is_comparable not_comparable_reason",
        *[("b", 1.5, 0.5, True, None)] * 2,
    )
    leaderboard = make_rows(
        "category evidence_scope model_id mean_win_rate rank benchmark_count",
        *[("overall", "all", "m", 1.5, 1, 3)] * 2,
    )
    performance = make_rows(
        "model_id benchmark_id is_pareto dominated_by_model_id", *[("m", "b", True, "n")] * 2
    )
    found = rows(
        "scores_in_range",
        marts__scores=scores,
        marts__benchmarks=benchmarks,
        marts__leaderboard=leaderboard,
        marts__price_performance=performance,
    )
    assert len(found) == 8
    offers = make_rows(
        f"{OFFER} blended_usd_per_mtok price_rank is_available price_ratio_to_cheapest",
        *[("m", "p", 1, "active", -1.0, 1.0, 9.0, 0, True, 1.0)] * 2,
    )
    prices = make_rows(
        "model_id min_blended_usd_per_mtok median_blended_usd_per_mtok max_blended_usd_per_mtok "
        "spread_ratio",
        *[("m", 2.0, 1.0, 1.0, 1.0)] * 2,
    )
    found = rows("prices_in_range", marts__offers=offers, marts__model_prices=prices)
    assert len(found) == 8
    empty = [{"model_id": "m", "valid_from": DAY_1, "valid_to": DAY_1}] * 2
    found = rows(
        "history_in_order",
        history__offers=[row | {"provider_id": "p", "offer_number": 1} for row in empty],
        history__scores=[row | {"benchmark_id": "b", "score_number": 1} for row in empty],
        history__listings=empty,
    )
    assert len(found) == 6


def test_names_that_suggest_that_lower_is_better() -> None:
    """A word may be the whole id or name, its beginning, its middle or its end."""
    words = ("error-rate", "perplexity", "hallucination-rate")
    places = ("librispeech", "common-voice", "fleurs")
    ids = [
        f"{start}{word}{end}"
        for word in words + places
        for start in ("", "a-")
        for end in ("", "-2")
    ]
    ids += ["WER", "a-wer", "wer-a", "a-cer", "Error of the rate", "a-hallucination-as-rate"]
    names = [f"{start}{word}{end}" for word in words for start in ("", "My ") for end in ("", " 2")]
    others = ["answer", "wer2", "cer-a", "cer", "error", "rate-of-errors", "hallucination"]
    columns = "benchmark_id benchmark_name is_lower_better"
    found = rows(
        "lower_is_better_unlisted",
        marts__benchmarks=make_rows(
            columns,
            *((name, "Name", False) for name in ids),
            *((f"id-{number}", name, False) for number, name in enumerate(names)),
            *((name, name, False) for name in others),
            *((name, "Listed", True) for name in ids),
        ),
    )
    assert [name for _, name in found].count("Listed") == 0
    expected = [*((name, "Name") for name in ids)]
    expected += [(f"id-{number}", name) for number, name in enumerate(names)]
    assert found == sorted(expected, key=repr)


def test_mixed_units_of_at_least_two_models() -> None:
    found = rows(
        "units_mixed",
        marts__benchmarks=make_rows(
            "benchmark_id is_comparable model_count best_value median_value",
            ("two", False, 2, 9.0, 1.0),
            ("one", False, 1, 9.0, 1.0),
            ("comparable", True, 2, 9.0, 1.0),
        ),
    )
    assert found == [("two", 2, 9.0, 1.0)]


def test_valid_limits_of_scores() -> None:
    """Rates of 0 and 1, and the first and last rank, are valid; a third benchmark gives a rank."""
    found = rows(
        "scores_in_range",
        marts__scores=make_rows(
            "model_id benchmark_id win_rate benchmark_rank model_count gap_to_best value",
            ("first", "b", 1.0, 1, 2, 0.0, 1.0),
            ("last", "b", 0.0, 2, 2, 1.0, 1.7976931348623157e308),
            ("alone", "b", None, 1, 1, 0.0, -1.7976931348623157e308),
            ("below-0", "b", -0.1, 1, 2, 0.0, 1.0),
            ("no-rank", "b", 0.5, 0, 2, 0.0, 1.0),
            ("high-rank", "b", 0.5, 3, 2, 0.0, 1.0),
            ("negative-gap", "b", 0.5, 1, 2, -0.1, 1.0),
            ("infinite", "b", 0.5, 1, 2, 0.1, float("inf")),
            ("no-value", "b", 0.5, 1, 2, 0.1, None),
        ),
        marts__benchmarks=make_rows(
            "benchmark_id verified_share self_reported_share is_comparable not_comparable_reason",
            ("verified", 1.0, 0.0, True, None),
            ("own", 0.0, 1.0, False, "reason"),
            ("below-0", -0.1, 0.0, True, None),
            ("own-below-0", 0.0, -0.1, True, None),
            ("own-above-1", 0.0, 1.1, True, None),
            ("reason", 0.0, 0.0, True, "reason"),
            ("no-reason", 0.0, 0.0, False, None),
        ),
        marts__leaderboard=make_rows(
            "category evidence_scope model_id mean_win_rate rank benchmark_count",
            ("c", "all", "first", 1.0, 1, 3),
            ("c", "all", "last", 0.0, None, 2),
            ("c", "all", "above-1", 1.1, 1, 3),
            ("c", "all", "below-0", -0.1, 1, 3),
            ("c", "all", "ranked-with-two", 0.5, 1, 2),
            ("c", "all", "unranked-with-three", 0.5, None, 3),
        ),
        marts__price_performance=make_rows(
            "model_id benchmark_id is_pareto dominated_by_model_id",
            ("frontier", "b", True, None),
            ("dominated", "b", False, "n"),
            ("neither", "b", False, None),
        ),
    )
    keys = [(table.removeprefix("marts."), key.split(" / ")) for table, key, _ in found]
    names = ("below-0", "no-rank", "high-rank", "negative-gap", "infinite", "no-value")
    wrong = ("above-1", "below-0", "ranked-with-two", "unranked-with-three")
    shares = ("below-0", "own-below-0", "own-above-1", "reason", "no-reason")
    assert sorted(keys) == sorted(
        [
            *(("scores", [name, "b"]) for name in names),
            *(("benchmarks", [name]) for name in shares),
            *(("leaderboard", ["c", "all", name]) for name in wrong),
            ("price_performance", ["neither", "b"]),
        ]
    )
