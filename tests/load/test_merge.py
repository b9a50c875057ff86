"""What arrives goes into the raw tables: whole models, and only those that came."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

DAY = dt.datetime(2026, 1, 1)  # noqa: DTZ001  every stored time is UTC without a zone
LATER = DAY + dt.timedelta(days=1)


def rows(raw: RawTables, query: str) -> list[tuple[Any, ...]]:
    return raw.connection.execute(query).fetchall()


@pytest.fixture
def loaded(raw: RawTables) -> RawTables:
    raw.load(
        [make_record(name, providers=[make_offer("p", 1, 2), make_offer("q", 3, 4)], scores=[make_score("b", 0.5)]) for name in ("m", "n")],
        DAY,
        "1",
    )
    return raw


def test_a_model_that_came_replaces_the_one_that_was_there_and_only_that(loaded: RawTables) -> None:
    loaded.load([make_record("m", providers=[make_offer("q", 3, None)])], LATER, "2")
    assert rows(loaded, "select id, fetched_at, _dlt_load_id from raw.models order by id") == [("m", LATER, "2"), ("n", DAY, "1")]
    offers = "select model_id, provider_id, output_price_per_m, _dlt_list_idx from raw.models__providers order by all"
    assert rows(loaded, offers) == [("m", "q", None, 0), ("n", "p", 2, 0), ("n", "q", 4, 1)]
    assert rows(loaded, "select model_id from raw.models__scores") == [("n",)]
    assert rows(loaded, "select _dlt_load_id, model_id from raw.fetches order by all") == [("1", "m"), ("1", "n"), ("2", "m")]


def test_the_lists_of_a_record_that_is_the_same_to_the_letter_are_not_written_again(loaded: RawTables) -> None:
    before = rows(loaded, "select rowid, * from raw.models__providers where model_id = 'n' order by rowid")
    same = make_record("n", providers=[make_offer("p", 1, 2), make_offer("q", 3, 4)], scores=[make_score("b", 0.5)])
    loaded.load([make_record("m"), same], LATER, "2")
    assert rows(loaded, "select rowid, * from raw.models__providers order by rowid") == before
    assert rows(loaded, "select distinct fetched_at from raw.models") == [(LATER,)]


def test_a_model_that_did_not_load_leaves_only_a_fetch(loaded: RawTables) -> None:
    loaded.fetch(["m", "x"], LATER, "failed", "2")
    assert rows(loaded, "select count(*), max(fetched_at) from raw.models") == [(2, DAY)]
    assert rows(loaded, "select model_id, outcome from raw.fetches where _dlt_load_id = '2' order by all") == [
        ("m", "failed"),
        ("x", "failed"),
    ]
