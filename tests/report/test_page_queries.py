"""Queries of the page on small tables: filters, limits, ties, joins and defaults."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from llm_stats.report import data
from llm_stats.transform.files import files_in
from support.small_tables import Row, make_rows, nulls, small_tables

NOW = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001  every stored time is UTC without a zone
SECOND = dt.timedelta(seconds=1)


def days_ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def run(name: str, **relations: list[Row]) -> list[Row]:
    """Return the rows of `queries/NAME.sql` on tables with the given rows."""
    files = {file.path.stem: file for file in files_in("queries", Path(data.__file__).parent)}
    with small_tables("staging.benchmark_label", **relations) as reader:
        return reader.query(files[name].text).to_dicts()


def values(rows: list[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


#: Ages in days of fetches and of reads of the catalog; the newest is 0 days old, at `NOW`.
CLOCKS = pytest.mark.parametrize(
    ("fetches", "reads"),
    [((9, 0), (9, 5)), ((9, 5), (9, 0)), ((9, 0), (None,))],
    ids=["newest is a fetch", "newest is a read", "never read"],
)


def clocks(fetches: tuple[float, ...], reads: tuple[float | None, ...]) -> dict[str, list[Row]]:
    """Return the relations from which a query computes the time of the newest data."""
    return {
        "staging__models": [{"fetched_at": days_ago(days)} for days in fetches],
        "staging__catalog_reads": [
            {"read_at": None if days is None else days_ago(days)} for days in reads
        ],
    }


@CLOCKS
def test_moves_compare_the_current_price_with_the_first_of_the_week(
    fetches: tuple[float, ...], reads: tuple[float | None, ...]
) -> None:
    """The old price of `before` ended exactly 7 days ago, that of `first` a second later.

    `gone` has no current price.
    """
    week = days_ago(7)
    prices = make_rows(
        "model_id valid_from valid_to min_blended_usd_per_mtok is_current",
        ("before", week, None, 8.0, True),
        ("before", days_ago(9), week, 10.0, False),
        ("first", week + SECOND, None, 9.0, True),
        ("first", days_ago(9), week + SECOND, 10.0, False),
        ("several", days_ago(2), None, 11.0, True),
        ("several", days_ago(4), days_ago(2), 20.0, False),
        ("several", days_ago(9), days_ago(4), 10.0, False),
        ("same", days_ago(2), None, 5.0, True),
        ("same", days_ago(4), days_ago(2), 6.0, False),
        ("same", days_ago(9), days_ago(4), 5.0, False),
        ("gone", days_ago(2), days_ago(1), 5.0, False),
        ("gone", days_ago(9), days_ago(2), 6.0, False),
        ("no-model", days_ago(1), None, 5.0, True),
        ("no-model", days_ago(2), days_ago(1), 6.0, False),
        ("no-offer", days_ago(1), None, 5.0, True),
        ("no-offer", days_ago(2), days_ago(1), 6.0, False),
    )
    names = {row["model_id"] for row in prices}
    offers = make_rows(
        "model_id blended_usd_per_mtok provider_name provider_id offer_number suspect_reason "
        "is_available",
        *(
            (name, price, "P", "p", 1, None, True)
            for name in sorted(names - {"first", "no-offer"})
            for price in (5.0, 8.0, 9.0, 11.0)
        ),
        ("first", 9.0, "P", "z", 1, "other id", True),
        ("first", 9.0, "P", "p", 2, "second", True),
        ("first", 9.0, "P", "p", 1, "chosen", True),
        ("first", 9.0, "Z", "a", 1, "other name", True),
        ("first", 9.0, "A", "a", 1, "not available", False),
        ("first", 11.0, "A", "a", 1, "other price", True),
    )
    found = run(
        "moves",
        marts__model_price_history=prices,
        marts__offers=offers,
        marts__models=[
            {"model_id": name, "model_name": name.title()} for name in names - {"no-model"}
        ],
        **clocks(fetches, reads),
    )
    assert found == make_rows(
        "direction model_id model_name provider_name suspect_reason old_blended_usd_per_mtok "
        "new_blended_usd_per_mtok blended_change_pct changed_model_count",
        ("cut", "first", "First", "P", "chosen", 10, 9, -10, 3),
        ("rise", "several", "Several", "P", None, 10, 11, 10, 1),
    )


def test_moves_are_the_five_largest_of_each_direction() -> None:
    """The price was 100 before. `e` and `f` share the fifth place."""
    cuts = {"f": 90.0, "e": 90.0, "a": 50.0, "b": 40.0, "c": 30.0, "d": 20.0}
    new = cuts | {"small": 110.0, "large": 300.0}
    found = run(
        "moves",
        marts__model_price_history=make_rows(
            "model_id valid_from valid_to min_blended_usd_per_mtok is_current",
            *((name, days_ago(3), days_ago(1), 100.0, False) for name in new),
            *((name, days_ago(1), None, price, True) for name, price in new.items()),
        ),
        marts__offers=[
            {
                "model_id": name,
                "blended_usd_per_mtok": price,
                "provider_name": "P",
                "provider_id": "p",
                "offer_number": 1,
                "suspect_reason": None,
                "is_available": True,
            }
            for name, price in new.items()
        ],
        marts__models=[{"model_id": name, "model_name": name} for name in new],
        **clocks((0,), (0,)),
    )
    assert values(found, "direction", "model_id", "changed_model_count") == [
        *(("cut", name, 6) for name in "dcbae"),
        ("rise", "large", 2),
        ("rise", "small", 2),
    ]


@CLOCKS
def test_price_changes_of_90_days_have_the_doubt_about_current_prices(
    fetches: tuple[float, ...], reads: tuple[float | None, ...]
) -> None:
    key = "model_id provider_id offer_number"
    keys = {
        "same": (("m", "p", 1), 1.0, 2.0),
        "nulls": (("m", "q", 1), None, None),
        "other input": (("m", "p", 1), 1.5, 2.0),
        "other output": (("m", "p", 1), 1.0, 2.5),
        "other number": (("m", "p", 2), 1.0, 2.0),
        "other provider": (("m", "r", 1), 1.0, 2.0),
        "other model": (("n", "p", 1), 1.0, 2.0),
    }
    unused = nulls(
        "provider_name old_status new_status old_input_usd_per_mtok old_output_usd_per_mtok "
        "old_blended_usd_per_mtok new_blended_usd_per_mtok blended_change_pct direction "
        "is_reversal"
    )
    changes = [
        dict(zip(key.split(), offer, strict=True))
        | unused
        | {
            "new_input_usd_per_mtok": price_in,
            "new_output_usd_per_mtok": price_out,
            "changed_at": days_ago(90),
            "kind": kind,
        }
        for kind, (offer, price_in, price_out) in keys.items()
    ]
    old = changes[0] | {"changed_at": days_ago(90) - SECOND, "kind": "old"}
    found = run(
        "price_changes",
        marts__price_changes=[*changes, old],
        marts__offers=make_rows(
            f"{key} input_usd_per_mtok output_usd_per_mtok suspect_reason",
            ("m", "p", 1, 1.0, 2.0, "doubt"),
            ("m", "q", 1, None, None, "no price"),
        ),
        **clocks(fetches, reads),
    )
    assert sorted(values(found, "kind", "suspect_reason")) == sorted(
        (kind, {"same": "doubt", "nulls": "no price"}.get(kind)) for kind in keys
    )


def test_current_prices_have_the_facts_of_their_offer_and_past_prices_have_none() -> None:
    """`fetched` and `unlisted` were last seen by a fetch, `listed` by a read of the catalog.

    No trusted read listed `unlisted`.
    """
    price = "model_id provider_id offer_number valid_from valid_to is_current"
    unused = nulls(
        "provider_name status is_available input_usd_per_mtok output_usd_per_mtok "
        "blended_usd_per_mtok"
    )
    prices = make_rows(
        price,
        ("fetched", "p", 1, days_ago(9), days_ago(8), False),
        ("fetched", "p", 1, days_ago(8), None, True),
        ("fetched", "p", 2, days_ago(9), None, True),
        ("fetched", "q", 1, days_ago(9), None, True),
        ("listed", "p", 1, days_ago(9), None, True),
        ("unlisted", "p", 1, days_ago(9), None, True),
        ("no-model", "p", 1, days_ago(9), None, True),
        ("no-clock", "p", 1, days_ago(9), None, True),
    )
    clock = {
        "marts__models": make_rows(
            "model_id listed_at",
            ("fetched", days_ago(3)),
            ("listed", days_ago(1)),
            ("unlisted",) * 2,
        ),
        "history__models": make_rows(
            "model_id offers_last_seen_at offers_first_seen_at",
            *(
                (name, days_ago(2), days_ago(9))
                for name in ("fetched", "listed", "unlisted", "no-model")
            ),
        ),
    }
    clock["marts__models"][2]["listed_at"] = None
    clock["marts__models"].append({"model_id": "no-clock", "listed_at": days_ago(1)})
    found = run(
        "prices",
        marts__price_history=[row | unused for row in prices],
        marts__offers=make_rows(
            "model_id provider_id offer_number is_available is_first_party suspect_reason",
            ("fetched", "p", 1, True, False, "first"),
            ("fetched", "p", 2, False, True, "second"),
            ("listed", "p", 1, True, True, "third"),
        ),
        **clock,
    )
    columns = ("is_offered", "is_first_party", "suspect_reason", "known_until", "is_initial")
    expected = [
        (None, None, None, days_ago(8), True),
        (True, False, "first", days_ago(2), False),
        (False, True, "second", days_ago(2), True),
        (None, None, None, days_ago(2), True),
        (True, True, "third", days_ago(1), True),
        (None, None, None, days_ago(2), True),
    ]
    by_offer = sorted(found, key=lambda row: (*values([row], *price.split()[:4])[0],))
    assert values(by_offer, *columns) == expected

    lowest = run(
        "lowest_prices",
        marts__model_price_history=make_rows(
            "model_id min_blended_usd_per_mtok valid_from valid_to",
            ("listed", 1.0, days_ago(9), None),
            ("fetched", 2.0, days_ago(8), None),
            ("fetched", 3.0, days_ago(9), days_ago(8)),
            ("unlisted", 4.0, days_ago(9), None),
            ("no-model", 4.0, days_ago(9), None),
            ("no-clock", 4.0, days_ago(9), None),
        ),
        **clock,
    )
    assert [tuple(row.values()) for row in lowest] == [
        ("fetched", 3.0, days_ago(9), days_ago(8)),
        ("fetched", 2.0, days_ago(8), days_ago(2)),
        ("listed", 1.0, days_ago(9), days_ago(1)),
        ("unlisted", 4.0, days_ago(9), days_ago(2)),
    ]


def test_models_are_sorted_by_rank_then_by_date() -> None:
    facts = (
        "model_name model_description organization_id organization_name family_name license_name "
        "allow_commercial is_open_weight modalities context_window_tokens param_count "
        "benchmark_count upstream_url paper_url weights_url repo_url fetched_at listed_at "
        "unlisted_since"
    )
    dates = {
        "undated": None,
        "c": dt.date(2026, 1, 1),
        "b": dt.date(2026, 1, 1),
        "new": dt.date(2026, 1, 2),
        "second": None,
        "first": None,
    }
    found = run(
        "models",
        marts__models=[
            nulls(facts) | {"model_id": name, "release_date": date} for name, date in dates.items()
        ],
        marts__scores=[{"model_id": "b"}] * 2 + [{"model_id": "c"}],
        marts__price_history=[{"model_id": "b"}],
        marts__leaderboard=make_rows(
            "model_id category evidence_scope rank",
            ("first", "overall", "all", 1),
            ("second", "overall", "all", 2),
            ("b", "overall", "independent", 1),
            ("c", "math", "all", 1),
            ("undated", "overall", "all", None),
        ),
    )
    assert values(found, "model_id", "row_count") == [
        ("first", 0),
        ("second", 0),
        ("new", 0),
        ("b", 3),
        ("c", 1),
        ("undated", 0),
    ]


def test_first_50_findings_of_each_rule_follow_the_rarest_rule() -> None:
    many = [f"m{number:02}" for number in range(51)]
    found = run(
        "findings",
        marts__data_quality=make_rows(
            "rule model_id detail",
            *(("many", name, "x") for name in reversed(many)),
            ("tie", "c", "x"),
            ("tie", "b", "x"),
            ("tie", "a", "x"),
            ("several", "b", "x"),
            ("several", "a", "y"),
            ("several", "a", "x"),
        ),
    )
    assert [tuple(row.values()) for row in found] == [
        ("several", "a", "x", 3, 2),
        ("several", "a", "y", 3, 2),
        ("several", "b", "x", 3, 2),
        *(("tie", name, "x", 3, 3) for name in "abc"),
        *(("many", name, "x", 51, 51) for name in many[:50]),
    ]


def test_doubt_about_a_score_combines_its_findings() -> None:
    """`b` is the canonical id of the benchmark that upstream calls `alias`."""
    unused = {"benchmark_rank": 1, "is_disputed": False, "scored_at": NOW}
    found = run(
        "scores",
        marts__scores=[
            dict(
                zip(
                    (
                        "model_id",
                        "benchmark_id",
                        "upstream_benchmark_id",
                        "evidence",
                        "model_count",
                    ),
                    (*key, "verified", count),
                    strict=True,
                )
            )
            | unused
            | {"value": 0.5, "score": 50.0, "is_comparable": comparable, "source_url": url}
            for key, count, comparable, url in (
                (("n", "b", "b"), 3, True, None),
                (("m", "bb", "bb"), 1, True, "https://example."),
                (("m", "d", "d"), 2, False, "https://www.example."),
                (("m", "c", "c"), 2, True, "https://paper.com/example."),
                (("m", "b", "alias"), 2, True, "https://an.example.com"),
            )
        ],
        marts__data_quality=make_rows(
            "rule model_id detail",
            ("source_is_placeholder", "m", "benchmark b: five"),
            ("score_outlier", "m", "benchmark b: four"),
            ("score_disputed", "m", "benchmark alias: three"),
            ("score_above_max", "m", "benchmark alias: two b"),
            ("score_above_max", "m", "benchmark alias: two a"),
            ("normalized_score_out_of_range", "m", "benchmark b: one"),
            ("score_disputed", "m", "benchmark c: other"),
            ("benchmark_not_comparable", "m", "benchmark d: of another kind"),
            ("score_disputed", "n", "about benchmark b: not at the start"),
        ),
    )
    columns = ("model_id", "benchmark_id", "value", "has_example_source", "doubt_rule", "doubt")
    every = "one; two a; two b; three; four; five"
    assert values(found, *columns) == [
        ("m", "b", 0.5, False, "normalized_score_out_of_range", every),
        ("m", "c", 0.5, False, "score_disputed", "other"),
        ("m", "d", 50.0, True, None, None),
        ("m", "bb", 0.5, True, None, None),
        ("n", "b", 0.5, False, None, None),
    ]


def test_leaderboards_without_a_rank_come_last() -> None:
    found = run(
        "categories",
        marts__leaderboard=make_rows(
            "category evidence_scope rank is_priced benchmark_count",
            ("a-unranked", "all", None, True, 2),
            ("b", "independent", 1, False, 3),
            ("b", "all", 2, True, 4),
            ("b", "all", 1, True, 3),
            ("b", "all", 3, False, 3),
            ("b", "all", None, True, 1),
            ("overall", "all", None, True, 1),
        ),
    )
    columns = ("model_count", "ranked_count", "priced_count", "most_benchmarks")
    assert [tuple(row.values()) for row in found] == [
        ("overall", "all", 1, 0, 0, 1),
        ("b", "all", 4, 3, 2, 4),
        ("b", "independent", 1, 1, 0, 3),
        ("a-unranked", "all", 1, 0, 0, 2),
    ], columns


COMPARED = make_rows(
    "benchmark_id evidence_scope is_counted",
    ("both", "all", True),
    ("both", "all", True),
    ("both", "independent", True),
    ("all", "all", True),
    ("all", "independent", False),
    ("independent", "independent", True),
    ("none", "all", False),
)


def test_counted_benchmarks_of_each_category() -> None:
    counts = {"none": 1, "independent": 2, "all": 2, "both": 2, "unscored": 2}
    found = run(
        "benchmark_categories",
        staging__leaderboard_categories=make_rows(
            "benchmark_id category is_independent",
            ("both", "math", False),
            ("both", "code", True),
            ("independent", "code", True),
            ("without-scores", "code", True),
        ),
        staging__compared_scores=COMPARED,
        marts__benchmarks=[
            {"benchmark_id": name, "model_count": count} for name, count in counts.items()
        ],
    )
    assert [tuple(row.values()) for row in found] == [
        ("all", "overall", True, False),
        ("both", "code", True, True),
        ("both", "math", True, False),
        ("both", "overall", True, True),
        ("independent", "code", False, True),
        ("independent", "overall", False, True),
        ("unscored", "overall", False, False),
        ("none", "overall", False, False),
    ]


def test_benchmark_is_counted_if_all_scores_of_it_count() -> None:
    facts = (
        "benchmark_name category description scale is_lower_better is_comparable "
        "not_comparable_reason model_count priced_model_count self_reported_share"
    )
    found = run(
        "benchmarks",
        staging__compared_scores=COMPARED,
        marts__benchmarks=[
            nulls(facts) | {"benchmark_id": name} for name in ("both", "all", "independent", "none")
        ],
    )
    assert sorted(values(found, "benchmark_id", "is_counted")) == [
        ("all", True),
        ("both", True),
        ("independent", False),
        ("none", False),
    ]


def test_headline_counts() -> None:
    """The model `relisted` left and came back; only an untrusted read saw `never-listed`."""
    found = run(
        "headline",
        staging__models=make_rows(
            "model_id fetched_at",
            ("relisted", days_ago(5)),
            ("listed", days_ago(2)),
            ("left", days_ago(3)),
            ("left-unfetched", None),
            ("listed-unfetched", None),
            ("listed-unfetched-2", None),
            ("never-listed", None),
        ),
        history__listings=make_rows(
            "model_id is_listed valid_to",
            ("relisted", True, days_ago(4)),
            ("relisted", False, days_ago(3)),
            ("relisted", True, None),
            ("listed", True, None),
            ("left", False, None),
            ("left-unfetched", False, None),
            ("listed-unfetched", True, None),
            ("listed-unfetched-2", True, None),
        ),
        staging__catalog_reads=[{"read_at": days_ago(days)} for days in (4, 1, 3)],
        marts__model_prices=make_rows(
            "offer_count has_free_offer", (0, True), (1, False), (2, True), (3, True), (0, False)
        ),
        marts__model_price_history=[{"valid_from": days_ago(days)} for days in (4, 6, 5)],
        marts__offers=make_rows(
            "is_available provider_id",
            (True, "p"),
            (True, "p"),
            (False, "p"),
            (False, "q"),
            (True, "r"),
            (False, "r"),
            (True, "r"),
        ),
        marts__scores=make_rows(
            "evidence source_url benchmark_id is_comparable",
            ("self_reported", "https://example.com", "a", True),
            ("self_reported", "https://www.example.com", "a", True),
            ("verified", "https://example.", "b", True),
            ("third_party", "https://www.example.", "b", True),
            ("third_party", "https://paper.com", "c", False),
            ("third_party", None, "d", False),
            ("verified", "https://paper.com", "d", False),
            ("verified", "https://paper.com", "e", True),
        ),
        marts__data_quality=[{"rule": rule} for rule in "aabbc"],
        marts__models=[{"model_id": name} for name in ("failing", "sound")],
        marts__freshness=make_rows(
            "model_id consecutive_failures last_outcome",
            ("failing", 1, "failed"),
            ("rejected", 2, "rejected"),
            ("misspelled", 2, "not_found"),
            ("sound", 0, "loaded"),
        ),
    )
    assert found == [
        {
            "model_count": 7,
            "listed_count": 4,
            "unlisted_count": 2,
            "unfetched_count": 3,
            "read_at": days_ago(1),
            "oldest_at": days_ago(5),
            "newest_at": days_ago(2),
            "priced_count": 3,
            "free_count": 3,
            "prices_since": days_ago(6),
            "offer_count": 7,
            "available_count": 4,
            "provider_count": 3,
            "score_count": 8,
            "independent_count": 6,
            "example_count": 2,
            "benchmark_count": 5,
            "comparable_count": 3,
            "finding_count": 5,
            "rule_count": 3,
            "failing_count": 2,
        }
    ]
