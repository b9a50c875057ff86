"""Summaries: content hash, whether a summary is newer than its record, plausible reads."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from llm_stats.errors import RecordRejected
from llm_stats.sample import summary_of
from llm_stats.schema.catalog import (
    RecordVersion,
    SummaryVersion,
    is_ahead,
    is_plausible,
    known_hash,
)
from llm_stats.schema.parse import parse_summary
from llm_stats.schema.rows import summary_hash, to_summary_row
from support.record_factory import make_offer, make_record

SUMMARY = summary_of(
    make_record(
        "m",
        description="café",
        family=None,
        modalities=["text", "image"],
        providers=[make_offer("p", 1, 2), make_offer("q", 0.5, None)],
        top_scores={"code": 1, "math": None},
        release_date="2025-01-01",
        context_window=None,
        param_count=7,
    )
)
TEXT = json.dumps(SUMMARY)


def hash_of(text: str) -> str:
    return summary_hash(parse_summary(json.loads(text)))


def edit(**fields: Any) -> str:
    return json.dumps(SUMMARY | fields)


def spell(written: str, otherwise: str) -> str:
    assert written in TEXT
    return TEXT.replace(written, otherwise)


def reverse_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reverse_keys(entry) for key, entry in reversed(value.items())}
    return [reverse_keys(entry) for entry in value] if isinstance(value, list) else value


SPELLINGS = {
    "1.0": spell('"input_price_per_m": 1', '"input_price_per_m": 1.0'),
    "1.00": spell('"input_price_per_m": 1', '"input_price_per_m": 1.00'),
    "1e0": spell('"input_price_per_m": 1', '"input_price_per_m": 1e0'),
    "top score 1.0": spell('"code": 1', '"code": 1.0'),
    "keys reversed": json.dumps(reverse_keys(SUMMARY)),
    "providers reversed": edit(providers=SUMMARY["providers"][::-1]),
    "modalities reversed": edit(modalities=SUMMARY["modalities"][::-1]),
    "top scores reversed": edit(top_scores=dict(reversed(SUMMARY["top_scores"].items()))),
    "+00:00": edit(updated_at="2025-01-01T00:00:00+00:00"),
    "+02:00": edit(updated_at="2025-01-01T02:00:00+02:00"),
    ".000Z": edit(updated_at="2025-01-01T00:00:00.000Z"),
    "no time zone": edit(updated_at="2025-01-01T00:00:00"),
    "absent family": spell('"family": null, ', ""),
    "absent context window": spell('"context_window": null, ', ""),
    "no escapes": json.dumps(SUMMARY, ensure_ascii=False),
    "white space": json.dumps(SUMMARY, indent=4),
    "unknown field": edit(popularity=7),
    "unknown field of an offer": edit(
        providers=[offer | {"latency_ms": 3} for offer in SUMMARY["providers"]]
    ),
    "unknown field of an object": edit(organization=SUMMARY["organization"] | {"country": "x"}),
}

CHANGES = {
    "name": edit(name="n"),
    "updated_at": edit(updated_at="2025-01-02T00:00:00Z"),
    "price": spell('"input_price_per_m": 1', '"input_price_per_m": 1.01'),
    "price not published": spell('"input_price_per_m": 1', '"input_price_per_m": null'),
    "price free": spell('"output_price_per_m": null', '"output_price_per_m": 0'),
    "status": spell('"active"', '"down"'),
    "prices swapped between providers": edit(
        providers=[make_offer("q", 1, 2), make_offer("p", 0.5, None)]
    ),
    "offer repeated": edit(providers=SUMMARY["providers"] + SUMMARY["providers"][:1]),
    "no offers": edit(providers=[]),
    "modality": edit(modalities=["text"]),
    "top score": edit(top_scores={"code": 1, "math": 0}),
    "top scores swapped": edit(top_scores={"code": None, "math": 1}),
    "family": edit(family={"id": "f", "name": "F"}),
    "nested object": edit(organization={"id": "org", "name": "Other"}),
    "param_count": edit(param_count=8),
    "release_date": edit(release_date="2025-01-02"),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_hash_does_not_depend_on_the_spelling(text: str) -> None:
    assert text != TEXT
    assert hash_of(text) == hash_of(TEXT)


@pytest.mark.parametrize("text", CHANGES.values(), ids=CHANGES)
def test_hash_depends_on_the_documented_content(text: str) -> None:
    assert hash_of(text) != hash_of(TEXT)


def test_all_changes_have_different_hashes() -> None:
    assert len({hash_of(text) for text in CHANGES.values()}) == len(CHANGES)


def test_row_of_a_summary_has_counts_unknown_fields_and_child_rows() -> None:
    summary = parse_summary(SUMMARY | {"popularity": 7})
    row = to_summary_row(summary, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "hash")
    assert row["read_at"] == dt.datetime(2026, 1, 1)  # noqa: DTZ001  stored times have no zone
    assert row["content_hash"] == "hash"
    assert row["extra"] == {"popularity": 7}
    assert [row[f"{name}_count"] for name in ("provider", "modality", "top_score")] == [2, 2, 2]
    assert [offer["provider_id"] for offer in row["providers"]] == ["p", "q"], "in upstream's order"
    assert "fetched_at" not in row
    assert "summary_hash" not in row


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (SUMMARY | {"providers": "none"}, "providers: Input should be a valid array, got 'none'"),
        ({"id": "m"}, "name: Field required (and 11 more)"),
        (None, "record: Input should be an object, got None"),
        ([], "record: Input should be an object, got []"),
        (SUMMARY | {"top_scores": {"code": "x"}}, "top_scores.code: Input should be a valid "),
    ],
)
def test_invalid_summary_is_rejected_with_the_reason(entry: object, reason: str) -> None:
    with pytest.raises(RecordRejected) as error:
        parse_summary(entry)
    assert str(error.value).startswith(reason)


EARLY, LATE = (dt.datetime(2026, 1, day) for day in (1, 2))  # noqa: DTZ001  stored times have no zone


@pytest.mark.parametrize(
    ("summary", "record", "expected"),
    [
        (("a", EARLY), None, True),
        (("a", EARLY), ("a", EARLY), False),
        (("a", LATE), ("a", EARLY), False),
        (("b", EARLY), ("a", EARLY), True),
        (("b", EARLY), ("a", LATE), True),
        (("b", LATE), (None, EARLY), True),
        (("b", EARLY), (None, EARLY), False),
        (("b", EARLY), (None, LATE), False),
    ],
)
def test_summary_is_ahead(
    summary: tuple[str, dt.datetime],
    record: tuple[str | None, dt.datetime] | None,
    expected: bool,
) -> None:
    """The hashes decide; the times of the last change decide only if the record has no hash."""
    known = RecordVersion(*record) if record else None
    assert is_ahead(SummaryVersion(*summary), known) is expected


@pytest.mark.parametrize(
    ("missing", "listed", "expected"),
    [
        (0, 0, True),
        (10, 10, True),
        (11, 12, False),
        (11, 54, False),
        (11, 55, True),
        (67, 335, True),
        (68, 335, False),
    ],
)
def test_read_without_many_models_is_not_plausible(
    missing: int, listed: int, expected: bool
) -> None:
    """A read is not plausible if it lacks more than 10 models and more than a fifth of all."""
    assert is_plausible(missing, listed) is expected


@pytest.mark.parametrize(
    ("stored", "updated_at", "expected"),
    [
        (None, 1, "new"),
        (("old", 1), 2, "new"),
        (("old", 1), 1, None),
        (("new", 1), 1, "new"),
        ((None, 1), 1, "new"),
        (("old", 3), 3, "new"),
    ],
    ids=["first", "current", "outdated", "unchanged", "requested again", "later than the summary"],
)
def test_outdated_response_leaves_the_summary_ahead(
    stored: tuple[str | None, int] | None, updated_at: int, expected: str | None
) -> None:
    """The API may return the old record for a minute after its summary has changed."""
    days = {day: dt.datetime(2026, 1, day) for day in (1, 2, 3)}  # noqa: DTZ001
    known = stored and RecordVersion(stored[0], days[stored[1]])
    summary = SummaryVersion("new", days[2])
    assert known_hash(summary, days[updated_at], known) == expected
    assert known_hash(None, days[updated_at], known) is None


def test_old_response_cannot_be_recognized_without_the_times() -> None:
    day = dt.datetime(2026, 1, 1)  # noqa: DTZ001
    later = dt.datetime(2026, 1, 2)  # noqa: DTZ001
    for times in ((None, day, later), (day, None, later), (day, day, None)):
        updated_at, stored_at, summary_at = times
        summary, stored = SummaryVersion("new", summary_at), RecordVersion("old", stored_at)
        assert known_hash(summary, updated_at, stored) == "new"
