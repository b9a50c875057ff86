"""Update of `history.listings` on small tables: each source of a listing, limits and ties."""

from __future__ import annotations

import datetime as dt
from typing import Any

from llm_stats.transform.files import files_in
from support.small_tables import Row, make_rows, small_tables

DAY_0 = dt.datetime(2026, 10, 31, 12)  # noqa: DTZ001  stored times are UTC without a zone
DAY_1 = dt.datetime(2026, 11, 1, 12)  # noqa: DTZ001
DAY_2 = dt.datetime(2026, 11, 2, 12)  # noqa: DTZ001
DAY_3 = dt.datetime(2026, 11, 3, 12)  # noqa: DTZ001
HOUR = dt.timedelta(hours=1)
(LISTINGS,) = (file.text for file in files_in("history") if file.path.stem == "listings")

#: Columns of each table that the update reads.
COLUMNS = {
    "history__models": "model_id offers_first_seen_at",
    "history__listings": "model_id is_listed reason load_id valid_from valid_to",
    "staging__catalog_reads": "load_id read_at is_trusted",
    "staging__catalog_missing": "model_id",
    "staging__catalog_models": "model_id read_at",
    "staging__catalog_rejected": "model_id load_id",
    "staging__detail_models": "model_id fetched_at",
    "staging__fetches": "model_id requested_at load_id outcome attempts is_listed",
}
#: A row of each table that matches no model; it gives the columns their types.
OTHERS: dict[str, tuple[Any, ...]] = {
    "history__models": ("other", DAY_3 + 9 * HOUR),
    "history__listings": ("other", True, "catalog", "0", DAY_0, DAY_1),
    "staging__catalog_reads": ("0", DAY_0 - 24 * HOUR, False),
    "staging__catalog_missing": ("elsewhere",),
    "staging__catalog_models": ("elsewhere", DAY_0),
    "staging__catalog_rejected": ("elsewhere", "0"),
    "staging__detail_models": ("elsewhere", DAY_0),
    "staging__fetches": ("elsewhere", DAY_0, "0", "failed", 1, True),
}


def update(**tables: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the listings of each model: listed, reason, load, start and end."""
    relations: dict[str, list[Row]] = {
        name: make_rows(COLUMNS[name], OTHERS[name], *tables.get(name, ())) for name in COLUMNS
    }
    with small_tables(staging__last_load=[{"load_id": "now"}], **relations) as reader:
        reader.query("delete from staging.catalog_reads where load_id = '0'")
        reader.query(LISTINGS)
        rows = reader.query(
            "select model_id, is_listed, reason, load_id, valid_from, valid_to "
            "from history.listings where model_id <> 'other' order by model_id, valid_from"
        ).rows
    found: dict[str, list[tuple[Any, ...]]] = {}
    for model_id, *rest in rows:
        found.setdefault(model_id, []).append(tuple(rest))
    return found


def test_last_trusted_read_lists_and_unlists() -> None:
    """The last trusted read is that of the second day, in load `r2`."""
    first_seen = {
        "listed": DAY_1,
        "of-a-later-read": DAY_3,
        "changed-later": DAY_1,
        "of-this-read": DAY_3,
        "missing": DAY_1,
        "missing-summary": DAY_1,
        "rejected": DAY_1,
        "rejected-earlier": DAY_1,
        "only-record": DAY_1,
        "unchanged": DAY_1,
        "listed-again": DAY_1,
        "back": DAY_1,
        "left": DAY_1,
        "same-time": DAY_1,
        "left-later": DAY_1,
    }
    summaries = {
        "listed": DAY_1,
        "of-a-later-read": DAY_3,
        "changed-later": DAY_3,
        "of-this-read": DAY_2,
        "missing": DAY_1,
        "unchanged": DAY_1,
        "listed-again": DAY_1,
        "back": DAY_1,
        "left": DAY_1,
        "same-time": DAY_1,
        "left-later": DAY_1,
    }
    reads = [("r3", DAY_3, False), ("r1", DAY_1, True), ("r0", DAY_2, True), ("r2", DAY_2, True)]
    found = update(
        history__models=list(first_seen.items()),
        staging__catalog_models=list(summaries.items()),
        staging__catalog_reads=reads,
        staging__catalog_missing=[("missing",), ("missing-summary",), ("left",)],
        staging__catalog_rejected=[("rejected", "r2"), ("rejected-earlier", "r0")],
        history__listings=[
            ("unchanged", True, "catalog", "r1", DAY_1, None),
            ("listed-again", False, "404", "r0", DAY_0, DAY_1),
            ("listed-again", True, "catalog", "r1", DAY_1, None),
            ("back", True, "catalog", "r0", DAY_0, DAY_1),
            ("back", False, "catalog", "r1", DAY_1, None),
            ("left", True, "catalog", "r1", DAY_1, None),
            ("same-time", False, "404", "r1", DAY_2, None),
            ("left-later", False, "404", "r1", DAY_3, None),
        ],
    )
    listed = (True, "catalog", "now", DAY_2, None)
    unlisted = (False, "catalog", "now", DAY_2, None)
    assert found == {
        "listed": [listed],
        "changed-later": [listed],
        "of-this-read": [listed],
        "missing": [unlisted],
        "missing-summary": [unlisted],
        "rejected": [listed],
        "unchanged": [(True, "catalog", "r1", DAY_1, None)],
        "listed-again": [
            (False, "404", "r0", DAY_0, DAY_1),
            (True, "catalog", "r1", DAY_1, None),
        ],
        "back": [
            (True, "catalog", "r0", DAY_0, DAY_1),
            (False, "catalog", "r1", DAY_1, DAY_2),
            listed,
        ],
        "left": [(True, "catalog", "r1", DAY_1, DAY_2), unlisted],
        "same-time": [(False, "404", "r1", DAY_2, None)],
        "left-later": [(False, "404", "r1", DAY_3, None)],
    }


def not_found(
    fetches: dict[str, list[tuple[Any, ...]]],
    fetched_at: dict[str, dt.datetime] | None = None,
    reads: list[tuple[Any, ...]] | None = None,
) -> dict[str, dt.datetime]:
    """Return the time at which each model was unlisted by responses with status 404.

    A response has a time, a load, and optionally outcome, attempts and `is_listed`. The loads `1`
    to `3` received the record of another model, or `not_modified`. The load `cached` read it from
    the cache, and the load `idle` received no valid record.
    """
    defaults = ("not_found", 1, None)
    responses = [
        (model_id, *response, *defaults[len(response) - 2 :])
        for model_id, entries in fetches.items()
        for response in entries
    ]
    found = update(
        history__models=[(model_id, DAY_0) for model_id in fetches if model_id != "unknown"],
        staging__fetches=[
            *responses,
            ("good", DAY_1, "1", "loaded", 1, None),
            ("good", DAY_2, "2", "not_modified", 1, None),
            ("good", DAY_3, "3", "loaded", 1, None),
            ("also-good", DAY_3, "3", "loaded", 1, None),
            ("good", DAY_2, "cached", "loaded", 0, None),
            ("good", DAY_2, "idle", "rejected", 1, None),
        ],
        staging__detail_models=list((fetched_at or {}).items()),
        staging__catalog_reads=reads or [],
    )
    for listings in found.values():
        (listing,) = listings
        assert listing[:3] == (False, "404", "now")
    return {model_id: listings[0][3] for model_id, listings in found.items()}


def test_model_is_unlisted_after_404_on_two_days_in_a_row() -> None:
    first, second, third = (DAY_1, "1"), (DAY_2, "2"), (DAY_3, "3")
    fetches: dict[str, list[tuple[Any, ...]]] = {
        "two-days": [first, second],
        "three-days": [third, second, first],
        "next-day-within-24-hours": [(DAY_1 + 11 * HOUR, "1"), (DAY_2 - 11 * HOUR, "2")],
        "one-day": [first, (DAY_1 + HOUR, "1")],
        "gap": [first, third],
        "idle": [first, (DAY_2, "idle")],
        "cached": [first, (DAY_2, "cached")],
        "failed": [first, (DAY_2, "2", "failed")],
        "not-requested": [first, (DAY_2, "2", "not_found", 0)],
        "loaded-before": [first, second],
        "loaded-in-between": [first, second],
        "loaded-in-the-same-instant": [first, second],
        "not-listed": [(*first, "not_found", 1, False), (*second, "not_found", 1, False)],
        "still-listed": [(*first, "not_found", 1, False), (*second, "not_found", 1, True)],
        "listed-before": [(*first, "not_found", 1, True), (*second, "not_found", 1, False)],
        "listed": [(*first, "not_found", 1, True), (*second, "not_found", 1, True)],
        "read-on-the-second-day": [first, (*second, "not_found", 1, False)],
        "unknown": [first, second],
    }
    fetched_at = {
        "loaded-before": DAY_1 - HOUR,
        "loaded-in-between": DAY_1 + HOUR,
        "loaded-in-the-same-instant": DAY_1,
    }
    expected = {
        "two-days": DAY_2,
        "three-days": DAY_2,
        "next-day-within-24-hours": DAY_2 - 11 * HOUR,
        "loaded-before": DAY_2,
        "not-listed": DAY_2,
        "read-on-the-second-day": DAY_2,
    }
    assert not_found(fetches, fetched_at) == expected
    names = ("not-listed", "two-days", "read-on-the-second-day")
    not_listed = {name: fetches[name] for name in names}
    for read_at in (DAY_1, DAY_1 + HOUR):
        untrusted = [("r0", DAY_0, False), ("r", read_at, False)]
        assert not_found(not_listed, reads=untrusted) == {"not-listed": DAY_2}
        assert not_found(not_listed, reads=[("r", read_at, True)]) == {}
    assert not_found(not_listed, reads=[("r", DAY_0, True)]) == dict.fromkeys(not_listed, DAY_2)
    assert not_found(not_listed, reads=[("r", DAY_0, False)]) == dict.fromkeys(not_listed, DAY_2)


def test_model_is_listed_again_when_its_record_is_found() -> None:
    fetched_at = {
        "found": DAY_2,
        "same-time": DAY_1,
        "before": DAY_0,
        "left-the-catalog": DAY_2,
        "left-after-404": DAY_2,
        "back": DAY_2,
    }
    listings = [
        ("found", False, "404", "1", DAY_1, None),
        ("same-time", False, "404", "1", DAY_1, None),
        ("before", False, "404", "1", DAY_1, None),
        ("left-the-catalog", False, "catalog", "1", DAY_1, None),
        ("left-after-404", False, "404", "1", DAY_0, DAY_1),
        ("left-after-404", False, "catalog", "1", DAY_1, None),
        ("back", False, "404", "1", DAY_0, DAY_1),
        ("back", True, "200", "1", DAY_1, None),
    ]
    tables: dict[str, Any] = {
        "history__models": [(model_id, DAY_0) for model_id in fetched_at],
        "staging__detail_models": list(fetched_at.items()),
        "history__listings": listings,
    }
    before = {name: len(rows) for name, rows in update(history__listings=listings).items()}
    found = update(**tables)
    assert found["found"] == [
        (False, "404", "1", DAY_1, DAY_2),
        (True, "200", "now", DAY_2, None),
    ]
    unchanged = {name: len(rows) for name, rows in found.items()}
    assert unchanged == before | {"found": 2}
    for read_at, is_found in ((DAY_1 - HOUR, True), (DAY_1, False)):
        after = update(**tables, staging__catalog_reads=[("r", read_at, True)])
        assert (len(after["found"]) == 2) == is_found
