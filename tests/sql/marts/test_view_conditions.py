"""Views on small tables: filters, ties, limits and defaults."""

from __future__ import annotations

import datetime as dt
from typing import Any

from llm_stats.transform.files import files_in
from support.small_tables import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    Row,
    make_rows,
    nulls,
    select_rows,
    small_tables,
)

SECOND = dt.timedelta(seconds=1)


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
    found = select_rows(
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
    ((age,),) = select_rows(
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
    assert select_rows(columns, "marts.model_changes", **tables) == [
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
    found = select_rows("model_id listed_at", "staging.listed_models", **tables)
    assert found == [("back", DAY_3), ("left", DAY_2), ("still", DAY_3)]
    unlisted = select_rows("model_id", "staging.unlisted_models", history__listings=listings)
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


Prices = tuple[float | None, float | None]


def suspects(
    offers: dict[str, list[Prices]], unavailable: dict[str, int]
) -> dict[str, list[tuple[int, str, str]]]:
    """Return offer number, rule and compared price of each model's suspect prices.

    `unavailable` maps a model id to the number of the model's unavailable offer.
    """
    current = [
        {
            "model_id": model_id,
            "provider_id": "p",
            "offer_number": number,
            "input_usd_per_mtok": price_in,
            "output_usd_per_mtok": price_out,
            "blended_usd_per_mtok": None if price_in is None or price_out is None else 1.0,
            "is_available": number != unavailable.get(model_id),
            "is_free": (price_in, price_out) == (0, 0),
        }
        for model_id, prices in offers.items()
        for number, (price_in, price_out) in enumerate(prices, start=1)
    ]
    found: dict[str, list[tuple[int, str, str]]] = {model_id: [] for model_id in offers}
    for model_id, *row in select_rows(
        "model_id offer_number rule compared_price",
        "staging.suspect_prices",
        "staging.number_text",
        staging__current_offers=current,
    ):
        found[model_id].append((row[0], row[1], row[2]))
    return found


def test_suspect_prices() -> None:
    one: Prices = (1.0, 1.0)
    free: Prices = (0.0, 0.0)

    def outlier(*numbers: int) -> list[tuple[int, str, str]]:
        return [(number, "price_outlier", it) for number in numbers for it in ("input", "output")]

    lopsided = (1, "price_lopsided", "both")
    cases: dict[str, tuple[list[Prices], list[tuple[int, str, str]]]] = {
        "100 times the median": ([one] * 3 + [(100.0, 100.0)], outlier(4)),
        "less than 100 times": ([one] * 3 + [(99.9, 99.9)], []),
        "a low price": ([one] * 3 + [(0.01, 0.01)], []),
        "free offers": ([one] * 2 + [free] * 3 + [(100.0, 100.0)], outlier(6)),
        "a median of 0": ([(0.0, 1.0), (0.0, 1.0), (5.0, 1.0)], []),
        "either of two": ([one, (100.0, 100.0)], outlier(1, 2)),
        "two, less than 100 times": ([one, (99.9, 99.9)], []),
        "two and one unavailable": ([one, (100.0, 100.0), one], outlier(1, 2)),
        "one and one unavailable": ([one, (100.0, 100.0)], outlier(2)),
        "high output": ([(1.0, 100.0)], [lopsided]),
        "high input": ([(100.0, 1.0)], [lopsided]),
        "output below 100 times": ([(1.0, 99.9)], []),
        "input below 100 times": ([(99.9, 1.0)], []),
        "no input": ([(0.0, 99.0)], []),
        "no output": ([(99.0, 0.0)], []),
        "unknown input": ([(None, 1.0)], []),
        "one of two is lopsided": ([(1.0, 100.0), one], [lopsided, (1, *outlier(1)[1][1:])]),
    }
    unavailable = {"two and one unavailable": 3, "one and one unavailable": 2}
    offers = {name: prices for name, (prices, _) in cases.items()}
    assert suspects(offers, unavailable) == {name: found for name, (_, found) in cases.items()}


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
    found = select_rows(
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
    cheapest = select_rows(
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
    found = select_rows(
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
    """Benchmark `b` has a most frequent name and category; `tie` has two equally frequent names."""
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
    found = select_rows(
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
    assert select_rows(
        columns, "marts.providers", "staging.is_most_common", marts__offers=offers
    ) == [
        ("p", "P", 2, 3, 2, 1, 2.5),
        ("q", "Q1", 2, 2, 1, 0, 2.0),
        ("r", "R", 1, 1, 0, 0, None),
        ("s", "S", 2, 2, 1, 1, 1.0),
    ]


def price_history(*offers: tuple[Any, ...]) -> list[Row]:
    """Return rows of `marts.price_history`: key, `valid_from`, status and two prices."""
    columns = f"{OFFER} valid_from status input_usd_per_mtok output_usd_per_mtok"
    return [
        row
        | {
            "provider_name": f"Name on day {row['valid_from'].day}",
            "blended_usd_per_mtok": None
            if None in (row["input_usd_per_mtok"], row["output_usd_per_mtok"])
            else (3 * row["input_usd_per_mtok"] + row["output_usd_per_mtok"]) / 4,
        }
        for row in make_rows(columns, *offers)
    ]


def price_changes(
    columns: str, history: list[Row], transitions: list[Row]
) -> list[tuple[Any, ...]]:
    """Return columns of `marts.price_changes`, sorted."""
    (view,) = (file.text for file in files_in("marts") if file.path.stem == "price_changes")
    with small_tables(
        marts__price_history=history, staging__found_transitions=transitions
    ) as tables:
        tables.query("create macro staging.transitions() as table from staging.found_transitions")
        tables.query(view.split("comment on")[0].rstrip())
        query = f"select {', '.join(columns.split())} from marts.price_changes"
        return sorted(tables.query(query).rows, key=repr)


def changes(
    cases: dict[str, list[tuple[Any, ...]]], **first_days: int
) -> dict[str, list[tuple[int, str, str | None, bool]]]:
    """Return the changes of one offer per model: day, kind, direction, whether it is a reversal.

    A case lists the states of the offer on successive days: `(status, input, output)`, or `()` if
    it was not listed. `first_days` maps a model id to the day on which the third state began.
    """
    history: list[Row] = []
    transitions: list[Row] = []
    for model_id, states in cases.items():
        days = [DAY_1 + dt.timedelta(days=number) for number in range(len(states))]
        if model_id in first_days:
            days[2] = DAY_1 + dt.timedelta(days=first_days[model_id] - 1)
        history += price_history(
            *((model_id, "p", 1, day, *it) for day, it in zip(days, states, strict=True) if it),
            (model_id, "p", 2, DAY_1, "x", 7.0, 7.0),
            (model_id, "q", 1, DAY_1, "x", 7.0, 7.0),
        )
        transitions += [
            {
                "list": "offers",
                "model_id": model_id,
                "item_id": "p",
                "item_number": 1,
                "changed_at": day,
                "old_valid_from": day_before if before else None,
                "new_valid_from": day if state else None,
            }
            for before, day_before, state, day in zip(
                states, days, states[1:], days[1:], strict=False
            )
        ]
    found: dict[str, list[tuple[int, str, str | None, bool]]] = {name: [] for name in cases}
    columns = "model_id changed_at kind direction is_reversal"
    others = [transitions[0] | {"list": "scores"}]
    for model_id, day, *rest in price_changes(columns, history, [*transitions, *others]):
        found[model_id].append(((day - DAY_1).days + 1, rest[0], rest[1], rest[2]))
    return found


def on(price_in: float | None, price_out: float | None = 1.0) -> tuple[Any, ...]:
    return ("active", price_in, price_out)


def test_kinds_and_directions_of_price_changes() -> None:
    changed, status = "price_changed", "status_changed"
    cases: dict[str, tuple[list[tuple[Any, ...]], list[tuple[str, str | None]]]] = {
        "listed": ([(), on(1)], [("listed", None)]),
        "delisted": ([on(1), ()], [("delisted", None)]),
        "status": ([on(1), ("off", 1, 1.0)], [(status, None)]),
        "no status": ([on(1), (None, 1, 1.0)], [(status, None)]),
        "input cut": ([on(2), on(1)], [(changed, "cut")]),
        "input rise": ([on(1), on(2)], [(changed, "rise")]),
        "output cut": ([on(1, 2), on(1, 1)], [(changed, "cut")]),
        "rise of both": ([on(1, 1), on(2, 2)], [(changed, "rise")]),
        "rise and cut": ([on(1, 2), on(2, 1)], [(changed, "mixed")]),
        "cut and rise": ([on(2, 1), on(1, 2)], [(changed, "mixed")]),
        "only output": ([on(None, 2), on(None, 1)], [(changed, "cut")]),
        "only input": ([on(1, None), on(2, None)], [(changed, "rise")]),
        "from null": ([on(None), on(1)], [(changed, None)]),
        "to null": ([on(1), on(None)], [(changed, None)]),
        "both": ([on(1), ("off", 2, 1.0)], [(changed, "rise"), (status, None)]),
        "another name": ([on(1), on(1)], []),
    }
    found = changes({name: states for name, (states, _) in cases.items()})
    assert {name: [row[1:3] for row in rows] for name, rows in found.items()} == {
        name: expected for name, (_, expected) in cases.items()
    }


def test_reversals_of_price_changes() -> None:
    cases: dict[str, tuple[list[tuple[Any, ...]], list[int]]] = {
        "back": ([on(1), on(2), on(1)], [3]),
        "back_and_forth": ([on(1), on(2), on(1), on(2)], [3, 4]),
        "halfway": ([on(1), on(2), on(1.5)], []),
        "only_input_back": ([on(1, 1), on(2, 2), on(1, 2)], []),
        "only_output_back": ([on(1, 1), on(2, 2), on(2, 1)], []),
        "input_back_to_null": ([on(None), on(2), on(None)], [3]),
        "output_back_to_null": ([on(1, None), on(1, 2), on(1, None)], [3]),
        "not_back_to_null": ([on(None), on(2), on(1)], []),
        "null_instead_of_back": ([on(1), on(2), on(None)], []),
        "after_30_days": ([on(1), on(2), on(1)], [32]),
        "after_31_days": ([on(1), on(2), on(1)], []),
        "delisted_in_between": ([on(1), on(2), (), on(1)], []),
        "status_in_between": ([on(1), on(2), ("off", 2, 1.0), ("off", 1, 1.0)], [4]),
    }
    found = changes(
        {name: states for name, (states, _) in cases.items()}, after_30_days=32, after_31_days=33
    )
    days = {name: [row[0] for row in rows if row[3]] for name, rows in found.items()}
    assert days == {name: expected for name, (_, expected) in cases.items()}


def test_percentages_of_a_price_change() -> None:
    history = price_history(
        ("m", "p", 1, DAY_1, "active", 2.0, 4.0),
        ("m", "p", 1, DAY_2, "off", 3.0, 2.0),
        ("m", "p", 1, DAY_3, "on", 3.0, 2.0),
        ("m", "free", 1, DAY_1, "on", 0.0, 0.0),
        ("m", "free", 1, DAY_2, "on", 1.0, 1.0),
    )
    key = "list model_id item_id item_number changed_at old_valid_from new_valid_from"
    found = price_changes(
        "provider_id kind provider_name old_blended_usd_per_mtok input_change_pct "
        "output_change_pct blended_change_pct",
        history,
        make_rows(
            key,
            ("offers", "m", "p", 1, DAY_2, DAY_1, DAY_2),
            ("offers", "m", "p", 1, DAY_3, DAY_2, DAY_3),
            ("offers", "m", "free", 1, DAY_2, DAY_1, DAY_2),
        ),
    )
    name = "Name on day 2"
    assert found == [
        ("free", "price_changed", name, 0.0, None, None, None),
        ("p", "price_changed", name, 2.5, 50.0, -50.0, 10.0),
        ("p", "status_changed", name, 2.5, None, None, None),
        ("p", "status_changed", "Name on day 3", 2.75, None, None, None),
    ]


def test_offers() -> None:
    """`m` has free, paid, unavailable and unpriced offers; `n` has another maker."""
    current = [
        {
            "model_id": model_id,
            "provider_id": provider_id,
            "offer_number": number,
            "blended_usd_per_mtok": price,
            "is_free": price == 0,
            "is_available": is_available,
            **nulls("provider_name status input_usd_per_mtok output_usd_per_mtok valid_from"),
        }
        for model_id, provider_id, number, price, is_available in (
            ("m", "free", 1, 0.0, True),
            ("m", "p", 1, 2.0, True),
            ("m", "p", 2, 2.0, True),
            ("m", "q", 1, 4.0, True),
            ("m", "off", 1, 1.0, False),
            ("m", "unpriced", 1, None, True),
            ("n", "p", 1, 3.0, True),
            ("off", "p", 1, 3.0, False),
        )
    ]
    suspect = make_rows(
        f"{OFFER} compared_price reason",
        ("m", "p", 1, "both", "third"),
        ("m", "p", 1, "output", "second"),
        ("m", "p", 1, "input", "a reason"),
        ("m", "p", 1, "input", "first"),
        ("m", "q", 2, "input", "of another offer"),
        ("n", "q", 1, "input", "of another provider"),
    )
    columns = (
        f"{OFFER} price_rank price_ratio_to_cheapest is_cheapest is_first_party suspect_reason"
    )
    found = select_rows(
        columns,
        "marts.offers",
        staging__current_offers=current,
        staging__suspect_prices=suspect,
        staging__models=make_rows("model_id organization_id", ("m", "p"), ("n", "q"), ("x", "p")),
    )
    reason = "first; second; third"
    assert found == [
        ("m", "free", 1, 1, None, True, False, None),
        ("m", "off", 1, None, 0.5, False, False, None),
        ("m", "p", 1, 2, 1.0, False, True, reason),
        ("m", "p", 2, 2, 1.0, False, True, None),
        ("m", "q", 1, 4, 2.0, False, False, None),
        ("m", "unpriced", 1, None, None, False, False, None),
        ("n", "p", 1, 1, 1.0, True, False, None),
        ("off", "p", 1, None, None, False, False, None),
    ]
