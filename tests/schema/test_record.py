"""The record contract: rejected records with their reasons, and the rows made from records."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import pytest
from llm_stats import sample
from llm_stats.errors import RecordRejected
from llm_stats.schema import record, tables
from llm_stats.schema.parse import parse_record
from llm_stats.schema.record import Record, is_documented
from llm_stats.schema.rows import new_fields, to_row
from support.parameter_ids import parameter_id

HASH = "0123456789abcdef"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(next(entry for entry in sample.today() if entry["id"] == "aurora-large-1"))


def parsed(document: dict[str, Any]) -> record.Record:
    return parse_record(json.dumps(document), "aurora-large-1")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("providers", 0, "input_price_per_m"),
            "free",
            "providers[0].input_price_per_m: Input should be a valid number, got 'free'",
        ),
        (
            ("providers", 1, "output_price_per_m"),
            -1,
            "providers[1].output_price_per_m: Input should be greater than or equal to 0, got -1",
        ),
        (
            ("providers", 0, "input_price_per_m"),
            float("inf"),
            "providers[0].input_price_per_m: Input should be a finite number, got inf",
        ),
        (("providers", 0, "input_price_per_m"), float("nan"), "providers[0].input_price_per_m"),
        (
            ("providers", 0, "input_price_per_m"),
            True,
            "providers[0].input_price_per_m: Input should be a valid number, got True",
        ),
        (
            ("providers", 0, "provider_id"),
            "",
            "providers[0].provider_id: String should have at least 1 character",
        ),
        (("providers",), "none", "providers: Input should be a valid array, got 'none'"),
        (("scores",), None, "scores: Input should be a valid array, got None"),
        (
            ("scores", 2, "score"),
            "0.5",
            "scores[2].score: Input should be a valid number, got '0.5'",
        ),
        (("modalities", 0), 1, "modalities[0]: Input should be a valid string, got 1"),
        (("top_scores",), [1], "top_scores: Input should be an object, got [1]"),
        (("open_weight",), "yes", "open_weight: Input should be a valid boolean, got 'yes'"),
        (("organization", "id"), None, "organization.id: Input should be a valid string, got None"),
        (("id",), "murmur-1", "id: requested 'aurora-large-1', received 'murmur-1'"),
    ],
    ids=parameter_id,
)
def test_wrong_value_is_rejected_with_its_path(
    document: dict[str, Any], path: tuple[Any, ...], value: object, message: str
) -> None:
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(RecordRejected) as error:
        parsed(document)
    assert message in str(error.value)


@pytest.mark.parametrize("field", ["id", "providers", "scores", "sources", "inference"])
def test_missing_required_field_is_rejected(document: dict[str, Any], field: str) -> None:
    del document[field]
    with pytest.raises(RecordRejected, match=f"^{field}: Field required"):
        parsed(document)


@pytest.mark.parametrize("field", ["input_price_per_m", "normalized_score", "category"])
def test_renamed_comparison_field_is_rejected_and_does_not_become_null(
    document: dict[str, Any], field: str
) -> None:
    part = next(document[part][0] for part in ("providers", "scores") if field in document[part][0])
    part[f"new_{field}"] = part.pop(field)
    with pytest.raises(RecordRejected, match=f"{field}: Field required"):
        parsed(document)


@pytest.mark.parametrize(
    "field",
    [
        "family",
        "context_window",
        "param_count",
        "release_date",
        "created_at",
        "updated_at",
    ],
)
def test_optional_field_may_be_absent(document: dict[str, Any], field: str) -> None:
    document.pop(field)
    assert getattr(parsed(document), field) is None


@pytest.mark.parametrize("body", ["", "[]", "null", "{", "<html></html>", '{"id": 1}'])
def test_other_json_is_rejected(body: str) -> None:
    with pytest.raises(RecordRejected):
        parse_record(body, "aurora-large-1")


def test_unknown_fields_are_stored_and_reported(document: dict[str, Any]) -> None:
    document["carbon_g"] = 12
    document["organization"]["country"] = "NO"
    document["providers"][1]["Id"] = {"deep": [1]}
    row = to_row(parsed(document), NOW, HASH)
    assert row["extra"] == {"carbon_g": 12, "organization.country": "NO"}
    assert row["providers"][1]["extra"] == {"Id": {"deep": [1]}}
    assert new_fields(row) == {"models.carbon_g", "models.organization.country", "providers.Id"}


def test_unknown_field_may_hold_any_number(document: dict[str, Any]) -> None:
    document["big"] = [10**30, -(2**63), {"x": 2**63}]
    assert to_row(parsed(document), NOW, HASH)["extra"] == {
        "big": [str(10**30), -(2**63), {"x": str(2**63)}]
    }


def test_sample_has_no_unknown_field() -> None:
    rows = [
        to_row(parse_record(json.dumps(entry), entry["id"]), NOW, HASH) for entry in sample.today()
    ]
    assert set().union(*map(new_fields, rows)) == set()


def test_row_holds_the_record_with_its_lists_as_child_rows(document: dict[str, Any]) -> None:
    row = to_row(parsed(document), NOW, HASH)
    assert row["organization"] == {"id": "northlight", "name": "Northlight Labs"}
    assert [offer["provider_id"] for offer in row["providers"]] == [
        offer["provider_id"] for offer in document["providers"]
    ]
    assert {entry["category"]: entry["score"] for entry in row["top_scores"]} == document[
        "top_scores"
    ]
    children = [
        child for part in ("providers", "scores", "modalities", "top_scores") for child in row[part]
    ]
    assert {child["model_id"] for child in children} == {"aurora-large-1"}
    assert row["fetched_at"] == dt.datetime(2026, 11, 23, 12)  # noqa: DTZ001  times are stored in UTC without a zone


def test_time_with_another_zone_becomes_utc(document: dict[str, Any]) -> None:
    document["updated_at"] = "2026-11-23T01:30:00+02:00"
    assert parsed(document).updated_at == dt.datetime(2026, 11, 22, 23, 30)  # noqa: DTZ001


def test_every_field_has_a_column_and_every_column_a_description() -> None:
    assert {table: len(columns) for table, columns in tables.TABLES.items()} == {
        "models": 43,
        "models__providers": 8,
        "models__scores": 16,
        "models__modalities": 3,
        "models__top_scores": 4,
        "fetches": 11,
        "catalog_models": 35,
        "catalog_models__providers": 8,
        "catalog_models__modalities": 3,
        "catalog_models__top_scores": 4,
        "catalog_reads": 7,
        "catalog_missing": 2,
        "catalog_rejected": 3,
    }
    assert [
        c.name for columns in tables.TABLES.values() for c in columns if not c.description
    ] == []
    assert tables.TABLE_COMMENTS.keys() == tables.TABLES.keys() | tables.DLT_TABLES.keys()


def test_columns_have_types_and_nullability() -> None:
    columns = {
        column.name: (column.data_type, column.nullable) for column in tables.TABLES["models"]
    }
    assert columns["param_count"] == ("bigint", True)
    assert columns["license__allow_commercial"] == ("bool", False)
    assert columns["family__id"] == ("text", True)
    assert columns["release_date"] == ("date", True)
    assert columns["updated_at"] == ("timestamp", True)
    assert columns["fetched_at"] == ("timestamp", False)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["name"], True),
        (["organization"], True),
        (["organization", "name"], True),
        (["organization", "motto"], False),
        (["providers", "status"], True),
        (["providers", "motto"], False),
        (["motto"], False),
    ],
)
def test_documented_fields(names: list[str], expected: bool) -> None:
    assert is_documented(Record, names) == expected
