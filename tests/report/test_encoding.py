"""Compact encoding of tables, and the descriptor of an export, without a warehouse."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from llm_stats.queries.attribution import SAMPLE_TEXT, Attribution
from llm_stats.report.data_package import describe_package, describe_resource
from llm_stats.report.encoding import compact, display_text, encode
from llm_stats.table import Table


def test_tables_are_lists_by_column_with_numbered_texts() -> None:
    rows = [("a", "b", 1, None), ("c", None, 1, 2.5), ("b", "b", 1, None), ("b", "x\x1b", 1, 0.1)]
    table = Table(("id", "other", "n", "m"), ("VARCHAR", "VARCHAR", "BIGINT", "DOUBLE"), rows)
    assert encode({"models": table}) == {
        "texts": ["b", "a", "c", "x\\x1b"],
        "tables": {
            "models": {
                "id": {"is_text": True, "values": [1, 2, 0, 0]},
                "other": {"is_text": True, "values": [0, None, 0, 3]},
                "n": {"runs": [1, 4]},
                "m": {"values": [None, 2.5, None, 0.1]},
            }
        },
    }


@pytest.mark.parametrize(
    ("values", "encoded"),
    [
        (["a"] * 4, {"is_text": True, "runs": [0, 4]}),
        (["a"] * 3, {"is_text": True, "values": [0, 0, 0]}),
        ([1] * 4 + [None] * 4, {"runs": [1, 4, None, 4]}),
        ([], {"runs": []}),
    ],
)
def test_long_runs_are_counted(values: list[Any], encoded: dict[str, Any]) -> None:
    table = Table(("x",), ("VARCHAR",), [(value,) for value in values])
    assert encode({"t": table})["tables"]["t"]["x"] == encoded


@pytest.mark.parametrize(
    ("value", "short"),
    [
        (dt.datetime(1970, 1, 2, 0, 0, 1, 999), 86401),  # noqa: DTZ001
        (dt.date(2026, 1, 31), "2026-01-31"),
        (["text", "image"], "text, image"),
        (True, 1),
        (1 / 3, 0.3333333),
        ("x", "x"),
        (None, None),
        (12345678, 12345678),
    ],
)
def test_short_form_of_a_value(value: object, short: object) -> None:
    assert compact(value) == short
    assert type(compact(value)) is type(short)


def test_times_do_not_depend_on_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert compact(dt.datetime(1970, 1, 2)) == 86400  # noqa: DTZ001
    time.tzset()


def test_length_of_a_text_is_limited() -> None:
    assert display_text("x" * 300) == "x" * 300
    assert display_text("x" * 301) == "x" * 299 + "…"


LOADED_AT = dt.datetime(2026, 11, 23, 5, 15, 0, 120000)  # noqa: DTZ001


def test_descriptor_of_a_package() -> None:
    attribution = Attribution(2, 1, LOADED_AT)
    package = describe_package("17.5", LOADED_AT, attribution, [{"name": "x"}])
    text = package.pop("description")
    assert text.startswith("Prices and benchmark scores of language models. ")
    assert package == {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "llm-stats",
        "title": "LLM prices and benchmark scores",
        "load_id": "17.5",
        "created": "2026-11-23T05:15:00Z",
        "attribution": "Source: LLM Stats (https://llm-stats.com), retrieved 2026-11-23.",
        "sources": [{"title": "LLM Stats", "path": "https://llm-stats.com"}],
        "resources": [{"name": "x"}],
    }
    sample = describe_package(None, None, Attribution(1, 1, None), [])
    assert sample["attribution"] == SAMPLE_TEXT
    assert "sources" not in sample
    assert "created" not in sample


def test_descriptor_of_a_file() -> None:
    types = ("boolean", "integer", "bigint", "double", "date", "timestamp", "varchar[]", "json")
    columns = [{"name": kind, "type": kind, "description": f"a {kind}"} for kind in types]
    resource = describe_resource("marts.offers", "csv", "One row …", columns, 3)
    fields = resource["schema"].pop("fields")
    assert resource == {
        "name": "marts.offers",
        "type": "table",
        "path": "marts/offers.csv",
        "description": "One row …",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "rows": 3,
        "schema": {"primaryKey": ["model_id", "provider_id", "offer_number"]},
    }
    assert [field["type"] for field in fields] == [
        "boolean",
        "integer",
        "integer",
        "number",
        "date",
        "datetime",
        "array",
        "string",
    ]
    assert fields[0] == {"name": "boolean", "type": "boolean", "description": "a boolean"}
    assert [field["name"] for field in fields if "format" in field] == ["timestamp"]
    assert fields[5]["format"] == "any"
    other = describe_resource("mine.table", "parquet", "", columns, 0)
    assert other["mediatype"] == "application/vnd.apache.parquet"
    assert other["path"] == "mine/table.parquet"
    assert not [field for field in other["schema"]["fields"] if "format" in field]
    assert "primaryKey" not in other["schema"]
