"""Rows of a record: hash of its summary, unknown fields, counts."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from llm_stats import sample
from llm_stats.sample import summary_of
from llm_stats.schema.parse import parse_summary
from llm_stats.schema.rows import new_fields, summary_hash, to_summary_row

SUMMARY = summary_of(sample.today()[0])


def hash_of(**changes: Any) -> str:
    return summary_hash(parse_summary(copy.deepcopy(SUMMARY) | changes))


def test_hash_stays_the_same() -> None:
    """With another hash, the next run would request every record again."""
    assert hash_of() == "159287ee53d23dc4438fb77c269649e6"
    assert hash_of(motto="undocumented", context_window=SUMMARY["context_window"]) == hash_of()
    assert hash_of(providers=SUMMARY["providers"][::-1]) == hash_of()


def test_hash_contains_unreadable_documented_values() -> None:
    hashes = {hash_of(context_window=text) for text in ("128000.5", "128000.25", None)}
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("number", "stored"),
    [
        (2**63 - 1, 2**63 - 1),
        (2**63, "9223372036854775808"),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, "-9223372036854775809"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
    ],
)
def test_unknown_number_that_no_column_can_store_becomes_text(number: Any, stored: Any) -> None:
    summary = parse_summary(copy.deepcopy(SUMMARY) | {"motto": number})
    row = to_summary_row(summary, dt.datetime(2026, 11, 1, tzinfo=dt.UTC), "hash")
    assert row["extra"] == {"motto": stored}
    assert row["content_hash"] == "hash"
    assert row["read_at"] == dt.datetime(2026, 11, 1)  # noqa: DTZ001
    assert row["provider_count"] == len(SUMMARY["providers"]) == len(row["providers"])


def test_new_fields_are_named_with_their_table() -> None:
    child = {"extra": {"b": 1}}
    row = {"extra": {"a": 1}, "providers": [child, {"extra": None}], "scores": [child]}
    assert new_fields(row) == {"models.a", "providers.b", "scores.b"}
    assert new_fields({"extra": None}) == set()
