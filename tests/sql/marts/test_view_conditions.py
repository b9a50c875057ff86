"""Views on small tables: filters, ties, limits and defaults."""

from __future__ import annotations

import datetime as dt
from typing import Any

from support.small_tables import Row, make_rows, nulls, small_tables

DAY_1 = dt.datetime(2026, 11, 1)  # noqa: DTZ001  stored times are UTC without a zone
DAY_2 = dt.datetime(2026, 11, 2)  # noqa: DTZ001
DAY_3 = dt.datetime(2026, 11, 3)  # noqa: DTZ001
DAY_4 = dt.datetime(2026, 11, 4)  # noqa: DTZ001
SECOND = dt.timedelta(seconds=1)


def rows(columns: str, view: str, *defined: str, **relations: list[Row]) -> list[tuple[Any, ...]]:
    """Return columns of a view under `sql/`, sorted; `defined` are the functions that it calls."""
    query = f"select {', '.join(columns.split())} from {view}"
    with small_tables(view, *defined, **relations) as tables:
        return sorted(tables.query(query).rows, key=repr)


def test_freshness() -> None:
    fetches = make_rows(
        "model_id requested_at load_id outcome",
        ("loaded", DAY_1, "1", "failed"),
        ("loaded", DAY_2, "1", "loaded"),
        ("loaded", DAY_3, "1", "failed"),
        ("loaded", DAY_4, "1", "rejected"),
        ("loaded", DAY_4 + SECOND, "1", "deferred"),
        ("not-modified", DAY_3, "1", "not_modified"),
        ("not-modified", DAY_1, "1", "loaded"),
        ("not-modified", DAY_2, "1", "failed"),
        ("never-loaded", DAY_1, "1", "failed"),
        ("never-loaded", DAY_2, "1", "not_found"),
        ("failed-after-load-in-the-same-instant", DAY_1, "1", "loaded"),
        ("failed-after-load-in-the-same-instant", DAY_1, "2", "failed"),
        ("loaded-after-failure-in-the-same-instant", DAY_1, "2", "loaded"),
        ("loaded-after-failure-in-the-same-instant", DAY_1, "1", "failed"),
        ("only-deferred", DAY_1, "1", "deferred"),
    )
    columns = "model_id last_outcome last_attempted_at consecutive_failures listed_at fetched_at"
    found = rows(
        columns,
        "marts.freshness",
        staging__fetches=fetches,
        staging__models=make_rows(
            "model_id fetched_at upstream_updated_at", ("loaded", DAY_2, DAY_1), ("new", None, None)
        ),
        staging__listed_models=make_rows(
            "model_id listed_at", ("loaded", DAY_4), ("misspelled", DAY_1)
        ),
    )
    assert found == [
        ("failed-after-load-in-the-same-instant", "failed", DAY_1, 1, None, None),
        ("loaded", "rejected", DAY_4, 2, DAY_4, DAY_2),
        ("loaded-after-failure-in-the-same-instant", "loaded", DAY_1, 0, None, None),
        ("never-loaded", "not_found", DAY_2, 2, None, None),
        ("new", None, None, 0, None, None),
        ("not-modified", "not_modified", DAY_3, 0, None, None),
        ("only-deferred", None, None, 0, None, None),
    ]


def test_age_of_a_record_is_in_hours() -> None:
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    ((age,),) = rows(
        "age_hours",
        "marts.freshness",
        staging__fetches=[nulls("model_id requested_at load_id outcome") | {"model_id": "m"}],
        staging__models=[
            {
                "model_id": "m",
                "fetched_at": now - dt.timedelta(hours=3),
                "upstream_updated_at": None,
            }
        ],
        staging__listed_models=[nulls("model_id listed_at")],
    )
    assert 3 <= age < 3.1


def test_model_changes() -> None:
    """The first trusted read is that of the second day."""
    listings = make_rows(
        "model_id is_listed reason valid_from",
        ("first-read", True, "catalog", DAY_2),
        ("back", True, "200", DAY_4),
        ("back", False, "404", DAY_3),
        ("back", True, "catalog", DAY_2),
        ("new", True, "catalog", DAY_2 + SECOND),
        ("never-listed", False, "404", DAY_1),
    )
    reads = make_rows("read_at is_trusted", (DAY_1, False), (DAY_3, True), (DAY_2, True))
    columns = "model_id changed_at kind reason"
    tables = {"history__listings": listings, "staging__catalog_reads": reads}
    assert rows(columns, "marts.model_changes", **tables) == [
        ("back", DAY_3, "unlisted", "404"),
        ("back", DAY_4, "relisted", "200"),
        ("never-listed", DAY_1, "unlisted", "404"),
        ("new", DAY_2 + SECOND, "listed", "catalog"),
    ]


def test_listed_models() -> None:
    reads = make_rows(
        "read_at is_trusted", (DAY_1, True), (DAY_2, True), (DAY_3, True), (DAY_4, False)
    )
    listings = make_rows(
        "model_id is_listed valid_from valid_to",
        ("still", True, DAY_1, None),
        ("left", True, DAY_1, DAY_3),
        ("left", False, DAY_3, None),
        ("back", True, DAY_1, DAY_2),
        ("back", False, DAY_2, DAY_3),
        ("back", True, DAY_3, None),
        ("untrusted", True, DAY_4, None),
        ("unlisted", False, DAY_1, None),
    )
    tables = {"history__listings": listings, "staging__catalog_reads": reads}
    found = rows("model_id listed_at", "staging.listed_models", **tables)
    assert found == [("back", DAY_3), ("left", DAY_2), ("still", DAY_3)]
    unlisted = rows("model_id", "staging.unlisted_models", history__listings=listings)
    assert unlisted == [("left",), ("unlisted",)]


def test_transitions() -> None:
    key = "model_id {} {} valid_from valid_to"

    def periods(item: str, number: str) -> list[Row]:
        return make_rows(
            key.format(item, number),
            ("m", "initial", 1, DAY_1, None),
            ("m", "changed", 1, DAY_2, None),
            ("m", "changed", 1, DAY_1, DAY_2),
            ("m", "added", 1, DAY_2, None),
            ("m", "added", 2, DAY_3, None),
            ("m", "removed", 1, DAY_1, DAY_2),
            ("m", "back", 1, DAY_1, DAY_2),
            ("m", "back", 1, DAY_3, None),
            ("n", "added", 1, DAY_3, None),
            ("n", "changed", 1, DAY_1, DAY_3),
            ("n", "changed", 1, DAY_3, None),
        )

    columns = "model_id item_id item_number changed_at old_valid_from new_valid_from"
    expected = [
        ("m", "added", 1, DAY_2, None, DAY_2),
        ("m", "added", 2, DAY_3, None, DAY_3),
        ("m", "back", 1, DAY_2, DAY_1, None),
        ("m", "back", 1, DAY_3, None, DAY_3),
        ("m", "changed", 1, DAY_2, DAY_1, DAY_2),
        ("m", "removed", 1, DAY_2, DAY_1, None),
        ("n", "added", 1, DAY_3, None, DAY_3),
        ("n", "changed", 1, DAY_3, DAY_1, DAY_3),
    ]
    scores = [
        row | {"valid_from": row["valid_from"] + SECOND}
        for row in periods("benchmark_id", "score_number")
    ]
    with small_tables(
        "staging.transitions",
        history__models=make_rows(
            "model_id offers_first_seen_at scores_first_seen_at",
            *((name, DAY_1, DAY_1 + SECOND) for name in "mn"),
        ),
        history__offers=periods("provider_id", "offer_number"),
        history__scores=scores,
    ) as tables:
        query = f"select {', '.join(columns.split())} from staging.transitions() where list = ?"
        assert sorted(tables.query(query, ["offers"]).rows, key=repr) == expected
        items = [row[:3] for row in tables.query(query, ["scores"]).rows]
    assert items.count(("m", "changed", 1)) == 2, "the periods do not follow each other"
    assert ("m", "initial", 1) not in items


OFFER = "model_id provider_id offer_number"


def suspects(*offers: tuple[float | None, float | None], **other: Any) -> list[tuple[Any, ...]]:
    """Return number, rule and compared price of the suspect prices among the offers of a model."""
    current = [
        {
            "model_id": "m",
            "provider_id": "p",
            "offer_number": number,
            "input_usd_per_mtok": price_in,
            "output_usd_per_mtok": price_out,
            "blended_usd_per_mtok": None if price_in is None or price_out is None else 1.0,
            "is_available": number not in other.get("unavailable", ()),
            "is_free": (price_in, price_out) == (0, 0),
        }
        for number, (price_in, price_out) in enumerate(offers, start=1)
    ]
    elsewhere = [
        current[0] | {"model_id": "n", "input_usd_per_mtok": 1e6, "output_usd_per_mtok": 1e6}
    ]
    columns = "offer_number rule compared_price model_id"
    found = rows(
        columns,
        "staging.suspect_prices",
        "staging.number_text",
        staging__current_offers=[*current, *elsewhere],
    )
    assert {row[3] for row in found} <= {"m"}
    return [row[:3] for row in found]


def test_suspect_prices() -> None:
    outlier, lopsided = "price_outlier", "price_lopsided"
    one = (1.0, 1.0)
    both = [(4, outlier, "input"), (4, outlier, "output")]
    assert suspects(one, one, one, (100.0, 100.0)) == both
    assert suspects(one, one, one, (99.9, 99.9)) == []
    assert suspects(one, one, one, (0.01, 0.01)) == [], "a low price is no outlier"
    assert suspects(one, one, (0, 0), (0, 0), (0, 0), (100.0, 100.0)) == [
        (6, outlier, "input"),
        (6, outlier, "output"),
    ], "free offers are not in the median"
    assert suspects((0, 1.0), (0, 1.0), (5.0, 1.0)) == [], "a median of 0"
    assert suspects((5.0, 5.0), one, unavailable=[1]) == []
    pair = [(number, outlier, price) for number in (1, 2) for price in ("input", "output")]
    assert suspects(one, (100.0, 100.0)) == pair, "either of two offers may be wrong"
    assert suspects(one, (99.9, 99.9)) == []
    assert suspects(one, (100.0, 100.0), one, unavailable=[3]) == pair
    assert suspects(one, (100.0, 100.0), unavailable=[2]) == pair[2:]
    assert suspects((1.0, 100.0)) == [(1, lopsided, "both")]
    assert suspects((100.0, 1.0)) == [(1, lopsided, "both")]
    assert suspects((1.0, 99.9)) == suspects((99.9, 1.0)) == []
    assert suspects((0.0, 99.0)) == suspects((99.0, 0.0)) == suspects((None, 1.0)) == []
    assert suspects((1.0, 1.0), (1.0, 100.0)) == [(2, lopsided, "both"), (2, outlier, "output")]


def test_prices_of_a_model() -> None:
    offers = make_rows(
        f"{OFFER} blended_usd_per_mtok is_free is_suspect price_rank price_ratio_to_cheapest "
        "is_cheapest",
        ("m", "z", 1, 2.0, False, False, 1, 1.0, True),
        ("m", "a", 1, 2.0, False, True, 1, 1.0, True),
        ("m", "a", 2, 2.0, False, False, 1, 1.0, True),
        ("m", "b", 1, 8.0, False, True, 4, 4.0, False),
        ("m", "c", 1, 99.0, False, True, None, 49.5, False),
        ("free", "p", 1, 0.0, True, False, 1, None, True),
        ("free", "q", 1, 3.0, False, False, 2, 1.0, False),
        ("free", "r", 1, 4.0, False, True, 3, 4 / 3, False),
        ("only-free", "p", 1, 0.0, True, False, 1, None, True),
        ("unpriced", "p", 1, None, False, False, None, None, False),
    )
    columns = (
        "model_id offer_count cheapest_provider_ids min_blended_usd_per_mtok is_suspect "
        "median_blended_usd_per_mtok max_blended_usd_per_mtok spread_ratio has_free_offer"
    )
    found = rows(
        columns,
        "marts.model_prices",
        "staging.round_significant",
        marts__offers=offers,
        staging__models=[{"model_id": name} for name in ("m", "free", "only-free", "unpriced")],
    )
    assert found == [
        ("free", 3, ["p"], 3.0, False, 3.5, 4.0, 4 / 3, True),
        ("m", 4, ["a", "z"], 2.0, True, 2.0, 8.0, 4.0, False),
        ("only-free", 1, ["p"], None, None, None, None, None, True),
        ("unpriced", 0, None, None, None, None, None, None, None),
    ]
    cheapest = rows(
        "model_id provider_id price_usd_per_mtok paid_price_usd_per_mtok is_suspect "
        "is_paid_price_suspect",
        "staging.cheapest_offers",
        marts__offers=offers,
    )
    assert cheapest == [
        ("free", "p", 0.0, 3.0, False, False),
        ("m", "a", 2.0, 2.0, True, True),
        ("only-free", "p", 0.0, None, False, None),
    ]


def test_categories_of_benchmarks() -> None:
    found = rows(
        "benchmark_id category is_independent",
        "staging.leaderboard_categories",
        staging__scores=make_rows(
            "benchmark_id category is_verified is_self_reported",
            ("alias", "math", False, True),
            ("canonical", "math", True, True),
            ("canonical", "code", False, True),
            ("third-party", "math", False, False),
            ("third-party", "overall", False, False),
            ("third-party", None, False, False),
            ("listed", "code", False, True),
        ),
        staging__benchmark_aliases=[{"alias": "alias", "benchmark_id": "canonical"}],
        staging__benchmark_categories=make_rows(
            "benchmark_id category", ("listed", "code"), ("listed", "agents")
        ),
    )
    assert found == [
        ("canonical", "code", False),
        ("canonical", "math", True),
        ("listed", "agents", True),
        ("listed", "code", True),
        ("third-party", "math", True),
    ]


def test_benchmarks() -> None:
    """Most names and categories are equal; two names are equally frequent on `tie`."""
    fields = (
        "model_id benchmark_id benchmark_name category value gap_to_best evidence is_disputed "
        "is_lower_better not_comparable_reason"
    )
    scores = make_rows(
        fields,
        ("c", "b", "Name", "x", 0.9, 0.0, "verified", True, False, None),
        ("a", "b", "Name", "y", 0.9, 0.0, "self_reported", False, False, None),
        ("b", "b", "Other", "y", 0.5, 0.4, "third_party", True, False, None),
        ("d", "b", "Other name", None, 0.1, 0.8, "self_reported", False, False, None),
        ("a", "tie", "Zeta", None, 2.0, 1.0, "verified", False, True, "reason"),
        ("b", "tie", "Alpha", None, 1.0, 0.0, "verified", False, True, "reason"),
    )
    chosen = [
        {"model_id": row["model_id"], "benchmark_id": row["benchmark_id"]}
        | {"benchmark_description": text}
        for row, text in zip(scores, ("Z", None, "A", None, None, None), strict=True)
    ]
    found = rows(
        "benchmark_id benchmark_name category description model_count organization_count "
        "priced_model_count is_lower_better best_value best_model_ids median_value verified_share "
        "self_reported_share disputed_count is_comparable not_comparable_reason",
        "marts.benchmarks",
        "staging.is_most_common",
        marts__scores=[row | {"scale": "raw"} for row in scores],
        staging__chosen_scores=chosen,
        staging__models=make_rows(
            "model_id organization_id", ("a", "o"), ("b", "o"), ("c", "p"), ("d", "q")
        ),
        staging__cheapest_offers=[{"model_id": name} for name in ("a", "c", "z")],
    )
    shares = (0.25, 0.5, 2)
    assert found == [
        ("b", "Name", "y", "A", 4, 3, 2, False, 0.9, ["a", "c"], 0.7, *shares, True, None),
        ("tie", "Alpha", None, None, 2, 1, 1, True, 1.0, ["b"], 1.5, 1.0, 0.0, 0, False, "reason"),
    ]


def test_providers() -> None:
    offers = make_rows(
        "model_id provider_id provider_name price_rank price_ratio_to_cheapest is_free",
        ("m", "p", "P", 1, 1.0, False),
        ("m", "p", "P", 3, 3.0, False),
        ("m", "q", "Q2", 2, 2.0, False),
        ("n", "q", "Q1", 1, 1.0, False),
        ("n", "r", "R", None, 2.0, False),
        ("n", "s", "S", 1, None, True),
        ("o", "p", "P", 2, 4.0, False),
        ("o", "s", "S", 1, 1.0, False),
    )
    columns = (
        "provider_id provider_name model_count offer_count competitive_model_count cheapest_count "
        "median_price_ratio"
    )
    assert rows(columns, "marts.providers", "staging.is_most_common", marts__offers=offers) == [
        ("p", "P", 2, 3, 2, 1, 2.5),
        ("q", "Q1", 2, 2, 1, 0, 2.0),
        ("r", "R", 1, 1, 0, 0, None),
        ("s", "S", 2, 2, 1, 1, 1.0),
    ]
