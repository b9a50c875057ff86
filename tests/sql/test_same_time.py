"""Rows of two loads at the same time: the load with the greater id is the later one."""

from __future__ import annotations

import datetime as dt

import pytest
from llm_stats.schema.fetch import Outcome
from support.raw_tables import RawTables
from support.record_factory import make_record

DAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")], ids=["in order", "reversed"])
def test_last_response_of_a_model_is_that_of_the_last_load(
    raw: RawTables, order: tuple[str, str]
) -> None:
    raw.load([make_record("m")], DAY - dt.timedelta(days=1), "0")
    for load_id in order:
        outcome: Outcome = "rejected" if load_id == "2" else "failed"
        raw.fetch(["m"], DAY, outcome, load_id, message=f"load {load_id}")
    raw.apply()

    def query(sql: str) -> list[tuple[object, ...]]:
        return raw.connection.execute(sql).fetchall()

    detail = "last response was rejected: load 2"
    rule = "select detail from marts.data_quality where rule = 'record_rejected'"
    assert query(rule) == [(detail,)]
    assert query("select last_outcome from marts.freshness") == [("rejected",)]
    assert query("select load_id from staging.last_load") == [("2",)]
