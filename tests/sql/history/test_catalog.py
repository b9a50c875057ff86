"""Catalog in the history, beyond the golden cases: load ids, as-of prices, newer summaries."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any, cast

import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.queries.changes import of_load
from llm_stats.schema.catalog import is_ahead
from llm_stats.transform.migrate import SCHEMA_VERSION
from llm_stats.warehouse.base import FetchState
from llm_stats.warehouse.reader import Reader
from support.connection_reader import ConnectionReader
from support.history_database import write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

_DAYS = [dt.datetime.fromisoformat(f"2026-01-0{day}") for day in range(1, 8)]


def _model(model_id: str = "m", price: float = 1, **fields: Any) -> dict[str, Any]:
    return make_record(model_id, providers=[make_offer("p", price, price)], **fields)


def test_load_ids_are_those_of_the_last_record_and_of_the_last_new_summary(raw: RawTables) -> None:
    def load_ids() -> list[tuple[str, str | None]]:
        write_history(raw, read_by=["history.models"])
        query = "select offers_load_id, scores_load_id from history.models"
        return raw.connection.execute(query).fetchall()

    raw.read_catalog([_model()], _DAYS[0], "1")
    assert load_ids() == [("1", None)]
    raw.load([_model()], _DAYS[1], "2")
    assert load_ids() == [("2", "2")]
    raw.read_catalog([_model()], _DAYS[2], "3")
    assert load_ids() == [("2", "2")], "the summary did not change"
    raw.read_catalog([_model(price=2)], _DAYS[3], "4")
    assert load_ids() == [("4", "2")]
    raw.load([_model(price=3)], _DAYS[4], "5", cached_at=_DAYS[1])
    assert load_ids() == [("5", "5")], "the record is older, but was loaded later"


def test_change_in_a_cached_record_is_a_change_of_its_load(raw: RawTables) -> None:
    raw.read_catalog([_model()], _DAYS[0], "1")
    raw.load([_model()], _DAYS[0], "1")
    raw.apply()
    raw.read_catalog([_model(price=2)], _DAYS[2], "2")
    raw.apply()
    raw.load([_model(price=3)], _DAYS[3], "3", cached_at=_DAYS[1])
    raw.apply()
    (change,) = of_load(cast(Reader, ConnectionReader(raw)), "3").to_dicts()
    assert change["changed_at"] == _DAYS[2]


def test_prices_as_of_know_when_a_model_was_unlisted(raw: RawTables) -> None:
    both = [_model("m"), _model("n")]
    reads = [both, [_model("n")], [_model("n")], both, [_model("m", 2), _model("n")]]
    for documents, read_at in zip(reads, _DAYS, strict=False):
        raw.read_catalog(documents, read_at)
        write_history(raw, read_by=["marts.prices_as_of"])
    query = (
        "select model_id, input_usd_per_mtok, is_available from marts.prices_as_of(?) order by 1"
    )
    known = {
        state: raw.connection.execute(query, [moment]).fetchall()
        for state, moment in zip(
            ("before", "unlisted", "while unlisted", "relisted", "price change"),
            _DAYS,
            strict=False,
        )
    }
    assert known == {
        "before": [("m", 1, True), ("n", 1, True)],
        "unlisted": [("m", 1, False), ("n", 1, True)],
        "while unlisted": [("m", 1, False), ("n", 1, True)],
        "relisted": [("m", 1, True), ("n", 1, True)],
        "price change": [("m", 2, True), ("n", 1, True)],
    }


def test_prices_as_of_count_a_model_without_a_listing_as_listed(raw: RawTables) -> None:
    raw.load([_model()], _DAYS[0])
    write_history(raw, read_by=["marts.prices_as_of"])
    query = "select is_available from marts.prices_as_of(?)"
    assert raw.connection.execute(query, [_DAYS[1]]).fetchall() == [(True,)]


def test_second_update_of_the_history_changes_nothing(raw: RawTables) -> None:
    """After the second and the third load, the history is updated twice."""
    relations = ("models", "offers", "scores", "listings", "row_counts")

    def contents() -> list[list[tuple[Any, ...]]]:
        return [
            raw.connection.execute(f"from history.{relation} order by all").fetchall()
            for relation in relations
        ]

    raw.read_catalog([_model("m"), _model("n")], _DAYS[0], "1", rejected={"o": "invalid"})
    raw.load([_model("m", 2, scores=[make_score("x", 1)])], _DAYS[0], "1")
    raw.apply()
    for load_id, read_at in (("2", _DAYS[1]), ("3", _DAYS[2])):
        raw.read_catalog([_model("n", int(load_id))], read_at, load_id, is_trusted=load_id == "2")
        raw.fetch(["m"], read_at, "not_found", load_id)
        raw.apply()
        before = contents()
        raw.apply()
        assert contents() == before


@pytest.mark.parametrize(
    ("summary_time", "undecided"),
    [(_DAYS[1], {"m0", "m3"}), (None, {"m0", "m1", "m2", "m3"})],
    ids=["time", "no time"],
)
def test_view_and_plan_agree_on_the_summaries_ahead(
    raw: RawTables, summary_time: dt.datetime | None, undecided: set[str]
) -> None:
    """The records have each combination of summary hash and time; one model has no record.

    `undecided`: models whose record has no summary hash, and whose summary is ahead of the record.
    """
    hashes, times = (None, "equal", "different"), (*_DAYS[:3], None)
    combinations = {
        f"m{number}": combination
        for number, combination in enumerate(itertools.product(hashes, times))
    }
    names = [*combinations, "no-record"]
    raw.load([_model(model_id) for model_id in [*combinations, "no-summary"]], _DAYS[0])
    raw.read_catalog([_model(model_id) for model_id in names], _DAYS[1])
    raw.connection.execute(
        "update raw.catalog_models set content_hash = 'equal', updated_at = ?", [summary_time]
    )
    for model_id, (summary_hash, updated_at) in combinations.items():
        raw.connection.execute(
            "update raw.models set summary_hash = ?, updated_at = ? where id = ?",
            [summary_hash, updated_at, model_id],
        )
    raw.connection.execute("insert into history.schema_version values (?)", [SCHEMA_VERSION])
    state = FetchState.read(DuckDBConnection(raw.connection))
    ahead = {
        model_id
        for model_id, summary in state.summaries.items()
        if is_ahead(summary, state.records.get(model_id))
    }
    in_view = raw.connection.execute("select model_id from staging.summaries_ahead").fetchall()
    assert ahead == {model_id for (model_id,) in in_view}
    assert ahead == {*undecided, "m8", "m9", "m10", "m11", "no-record"}
