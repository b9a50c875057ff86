"""Unreadable metadata: it becomes null, and the original text is kept; prices stay strict."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from llm_stats.errors import RecordRejected
from llm_stats.schema.parse import parse_record, parse_summary
from llm_stats.schema.record import Record, Summary
from llm_stats.schema.rows import summary_hash, to_row, to_summary_row
from support.parameter_ids import parameter_id
from support.record_factory import make_offer, make_record, make_score

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
PRICED = make_record("m", providers=[make_offer("p", 1, 2)], scores=[make_score("b", 0.5)])


def parse_both(fields: dict[str, Any]) -> list[Summary]:
    """Return a document with these fields, parsed as a record and parsed as a summary."""
    document = PRICED | fields
    return [parse_record(json.dumps(document), "m"), parse_summary(document)]


def parse_score(**fields: Any) -> Record:
    return parse_record(json.dumps(PRICED | {"scores": [make_score("b", 0.5) | fields]}), "m")


def parse_with(path: str, literal: str) -> Record:
    """Return the record with the JSON value `literal` at `path`, such as `scores.score`."""
    part, field = path.split(".")
    document = PRICED | {part: [PRICED[part][0] | {field: "@"}]}
    return parse_record(json.dumps(document).replace('"@"', literal), "m")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("context_window", 128000.0, 128000),
        ("param_count", 7e9, 7_000_000_000),
        ("context_window", -0.0, 0),
        ("release_date", "2025-09-30T00:00:00Z", dt.date(2025, 9, 30)),
        ("release_date", "2025-09-30T23:30:00-05:00", dt.date(2025, 9, 30)),
        ("updated_at", "2026-11-23T01:30:00.5+02:00", dt.datetime(2026, 11, 22, 23, 30, 0, 500000)),  # noqa: DTZ001
        ("created_at", "2026-11-23 01:30", dt.datetime(2026, 11, 23, 1, 30)),  # noqa: DTZ001
    ],
    ids=parameter_id,
)
def test_value_in_another_form_is_read(field: str, value: object, expected: object) -> None:
    for part in parse_both({field: value}):
        assert getattr(part, field) == expected
        assert part.unreadable == {}


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("context_window", 128000.5, "128000.5"),
        ("context_window", True, "true"),
        ("context_window", -1, "-1"),
        ("context_window", "128k", "128k"),
        ("context_window", {"input": 1}, '{"input": 1}'),
        ("param_count", 2**63, "9223372036854775808"),
        ("param_count", 1e300, "1e+300"),
        ("param_count", float("inf"), "Infinity"),
        ("param_count", float("nan"), "NaN"),
        ("release_date", "2025-09", "2025-09"),
        ("release_date", "2025-02-31", "2025-02-31"),
        ("release_date", "", ""),
        ("release_date", 20250930, "20250930"),
        ("release_date", "1735689600", "1735689600"),
        ("release_date", "2025-W40-1", "2025-W40-1"),
        ("release_date", "2025-09-30T99:00:00Z", "2025-09-30T99:00:00Z"),
        ("created_at", 1735689600, "1735689600"),
        ("created_at", "1735689600", "1735689600"),
        ("created_at", "2025-01-01", "2025-01-01"),
        ("created_at", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("updated_at", "2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"),
        ("updated_at", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59-12:00"),
        ("updated_at", ["2025"], '["2025"]'),
    ],
    ids=parameter_id,
)
def test_unreadable_value_is_null_and_its_text_is_kept(
    field: str, value: object, text: str
) -> None:
    for part in parse_both({field: value}):
        assert getattr(part, field) is None
        assert to_summary_row(part, NOW, "hash")["unreadable"] == {field: text}
        assert part.providers[0].input_price_per_m == 1


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("rank", 1.5, "1.5"),
        ("rank", True, "true"),
        ("rank", 2**70, "1180591620717411303424"),
        ("scored_at", "yesterday", "yesterday"),
        ("scored_at", 1735689600, "1735689600"),
    ],
    ids=parameter_id,
)
def test_unreadable_value_of_a_score_is_kept_with_the_score(
    field: str, value: object, text: str
) -> None:
    record = parse_score(**{field: value})
    assert getattr(record.scores[0], field) is None
    row = to_row(record, NOW, "hash")
    assert row["unreadable"] is None
    assert row["scores"][0]["unreadable"] == {field: text}


def test_rank_may_be_a_whole_float_or_negative() -> None:
    assert parse_score(rank=1.0).scores[0].rank == 1
    assert parse_score(rank=-1).scores[0].rank == -1


@pytest.mark.parametrize("field", ["created_at", "updated_at", "context_window", "release_date"])
def test_null_is_not_unreadable(field: str) -> None:
    for part in parse_both({field: None}):
        assert getattr(part, field) is None
        assert part.unreadable == {}


@pytest.mark.parametrize(
    ("fields", "path", "text"),
    [
        ({"description": "Fast \ud83d!"}, "description", "Fast \\ud83d!"),
        ({"organization": {"id": "o", "name": "\udc00"}}, "organization.name", "\\udc00"),
        ({"modalities": ["text", "\ud800"]}, "modalities[1]", "\\ud800"),
        ({"top_scores": {"a\ud800": 1}}, "top_scores.a\ufffd", "a\\ud800"),
        ({"carbon": {"note": "\ud800"}}, "carbon.note", "\\ud800"),
        (
            {"providers": [make_offer("p", 1, 2, provider_name="\ud800")]},
            "providers[0].provider_name",
            "\\ud800",
        ),
    ],
    ids=["description", "nested", "list", "key", "unknown field", "offer"],
)
def test_lone_surrogate_is_replaced_and_its_text_is_kept(
    fields: dict[str, Any], path: str, text: str
) -> None:
    for part in parse_both(fields):
        row = to_summary_row(part, NOW, "hash")
        assert row["unreadable"] == {path: text}
        assert "\\ufffd" in json.dumps(row, default=str)
        assert part.providers[0].input_price_per_m == 1


@pytest.mark.parametrize(
    ("fields", "path", "text"),
    [
        (
            {"description": "a" * 2_000_000 + "\ud800" + "b" * 2_000_000 + "\udc00"},
            "description",
            "…" + "a" * 100 + "\\ud800" + "b" * 99 + "…",
        ),
        ({"description": "\ud800" + "b" * 200}, "description", "\\ud800" + "b" * 199 + "…"),
        ({"description": "a" * 150 + "\ud800"}, "description", "…" + "a" * 100 + "\\ud800"),
        ({"release_date": "2" * 2_000_000}, "release_date", "2" * 200 + "…"),
        ({"release_date": "2" * 200}, "release_date", "2" * 200),
        ({"context_window": [1] * 1_000_000}, "context_window", "[1, " + "1, " * 65 + "1…"),
        ({"note": {"x" * 2_000_000: "\ud800"}}, "note." + "x" * 195, "\\ud800"),
    ],
    ids=["surrogate", "at the start", "at the end", "date", "200 characters", "list", "path"],
)
def test_excerpt_of_a_long_text_is_kept(fields: dict[str, Any], path: str, text: str) -> None:
    for part in parse_both(fields):
        assert to_summary_row(part, NOW, "hash")["unreadable"] == {path: text}


def test_lone_surrogate_of_a_score_is_kept_with_the_score() -> None:
    record = parse_score(benchmark_name="\ud800", description="😀 \ufffd")
    (score,) = record.scores
    assert score.benchmark_name == "\ufffd"
    assert score.description == "😀 \ufffd"
    row = to_row(record, NOW, "hash")
    assert row["scores"][0]["unreadable"] == {"benchmark_name": "\\ud800"}
    assert row["unreadable"] is None


@pytest.mark.parametrize(
    "name", ["scores[0].rank", "scores[9].note", f"scores[{'9' * 5000}].x", "scores[-1].x"]
)
def test_unknown_field_with_the_name_of_a_path_belongs_to_the_record(name: str) -> None:
    record = parse_record(json.dumps(PRICED | {name: "\ud800"}), "m")
    row = to_row(record, NOW, "hash")
    assert [score["unreadable"] for score in row["scores"]] == [None]
    assert list(row["unreadable"].values()) == ["\\ud800"]


def test_escaped_backslash_is_not_a_surrogate() -> None:
    for part in parse_both({"description": "\\ud800"}):
        assert part.description == "\\ud800"
        assert part.unreadable == {}


def test_unknown_field_called_unreadable_stays_unknown() -> None:
    for part in parse_both({"unreadable": {"x": "y"}, "context_window": 0.5}):
        row = to_summary_row(part, NOW, "hash")
        assert row["unreadable"] == {"context_window": "0.5"}
        assert row["extra"]["unreadable"] == {"x": "y"}


@pytest.mark.parametrize(
    ("literal", "text"),
    [("NaN", "NaN"), ("-Infinity", "-Infinity"), ("1e400", "Infinity"), ("[1, NaN]", [1, "NaN"])],
    ids=parameter_id,
)
def test_number_that_is_not_finite_is_text_in_an_unknown_field(literal: str, text: object) -> None:
    """No database stores such a number in a JSON column."""
    score = make_score("b", 0.5) | {"note": "@"}
    document = PRICED | {"note": "@", "providers": [make_offer("p", 1, 2) | {"note": "@"}]}
    body = json.dumps(document | {"scores": [score]}).replace('"@"', literal)
    row = to_row(parse_record(body, "m"), NOW, "hash")
    for part in (row, row["providers"][0], row["scores"][0]):
        assert part["extra"] == {"note": text}


def test_summary_hash_of_an_unreadable_value_is_stable() -> None:
    def hash_of(**fields: Any) -> str:
        return summary_hash(parse_summary(PRICED | fields))

    assert hash_of(context_window=0.5) == hash_of(context_window=0.5)
    assert hash_of(context_window=0.5) != hash_of(context_window=None)
    assert hash_of(context_window=0.5) != hash_of(context_window=1.5)
    assert hash_of(context_window=5.0) == hash_of(context_window=5)
    assert hash_of(description="\ud800") == hash_of(description="\ud800")


def test_summary_hash_of_an_unreadable_value_does_not_depend_on_the_order_of_lists() -> None:
    offers = [make_offer("p", 1, 2, provider_name="\ud800"), make_offer("q", 1, 2)]
    fields: dict[str, list[Any]] = {"providers": offers, "modalities": ["\ud800", "\udc00"]}
    reversed_lists = {name: entries[::-1] for name, entries in fields.items()}
    first, second = (parse_summary(PRICED | lists) for lists in (fields, reversed_lists))
    assert summary_hash(first) == summary_hash(second)


@pytest.mark.parametrize(
    "fields",
    [
        {"note": "\ud800"},
        {"top_scores.code": "\ud800"},
        {"license": PRICED["license"] | {"note": "\ud800"}},
        {"license": PRICED["license"] | {"note\ud800": 1}},
        {"providers": [PRICED["providers"][0] | {"note": ["\ud800"]}]},
    ],
    ids=["top level", "name of a path", "nested", "key", "offer"],
)
def test_unreadable_text_of_an_unknown_field_does_not_change_the_summary_hash(
    fields: dict[str, Any],
) -> None:
    assert summary_hash(parse_summary(PRICED | fields)) == summary_hash(parse_summary(PRICED))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"description": "\ud800"}, {"description": "\udc00"}),
        ({"modalities": ["\ud800"]}, {"modalities": ["\udc00"]}),
        ({"top_scores": {"\ud800": 1}}, {"top_scores": {"\udc00": 1}}),
        (
            {"providers": [make_offer("p", 1, 2, provider_name="\ud800")]},
            {"providers": [make_offer("p", 1, 2, provider_name="\udc00")]},
        ),
    ],
    ids=["text", "list", "key", "offer"],
)
def test_changed_text_of_a_documented_field_changes_the_summary_hash(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    hashes = {summary_hash(parse_summary(PRICED | fields)) for fields in (before, after)}
    assert len(hashes) == 2


@pytest.mark.parametrize("path", ["providers.input_price_per_m", "scores.score"])
@pytest.mark.parametrize(
    "literal", ["1e400", "NaN", "Infinity", "-Infinity", "1" + "0" * 400, '"1"', "true"]
)
def test_price_and_score_stay_strict(path: str, literal: str) -> None:
    name = path.replace(".", r"\[0\]\.")
    with pytest.raises(RecordRejected, match=f"^{name}: Input should be a (finite|valid) number"):
        parse_with(path, literal)


def test_negative_price_is_rejected() -> None:
    with pytest.raises(RecordRejected, match=r"^providers\[0\]\.output_price_per_m: .* got -1"):
        parse_with("providers.output_price_per_m", "-1")
