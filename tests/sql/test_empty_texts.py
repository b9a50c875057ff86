"""Empty texts in raw tables: null in the staging views."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from llm_stats.transform.files import find_relation
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score


@pytest.mark.parametrize(
    ("view", "table"),
    [
        ("detail_models", "models"),
        ("catalog_models", "catalog_models"),
        ("scores", "models__scores"),
    ],
)
def test_empty_texts_are_null_and_others_stay(raw: RawTables, view: str, table: str) -> None:
    file = find_relation(f"staging.{view}")
    assert file is not None
    columns = dict(re.findall(r"nullif\(cast\((\w+) as varchar\), '.*?'\) as (\w+)", file.text))
    assert len(columns) >= 3
    day = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    record = make_record("m", providers=[make_offer("p", 1, 2)], scores=[make_score("b", 0.5)])
    raw.read_catalog([record], day, "1")
    raw.load([record], day, "1")
    for text, expected in (("", None), ("_", "_"), ("null", "null")):
        for column in columns:
            raw.connection.execute(f"update raw.{table} set {column} = ?", [text])
        query = f"select {', '.join(columns.values())} from staging.{view}"
        (row,) = raw.connection.execute(query).fetchall()
        assert dict(zip(columns.values(), row, strict=True)) == dict.fromkeys(
            columns.values(), expected
        )
