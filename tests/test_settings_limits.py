"""Settings: limits, exact messages, and secrets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from llm_stats.errors import UsageError
from llm_stats.settings import (
    BASE_URL,
    Settings,
    WarehouseLocation,
    clean_model_ids,
    duration,
    is_valid_model_id,
)
from pydantic import ValidationError

pytestmark = pytest.mark.usefixtures("workdir")


def message_of(**given: Any) -> str:
    with pytest.raises(UsageError) as raised:
        Settings.read(**given)
    return str(raised.value)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    assert Settings.read().model_dump() == {
        "database": Path("llm_stats.duckdb"),
        "destination": "duckdb",
        "api_key": None,
        "base_url": "https://api.llm-stats.com/stats/v1",
        "model_ids": [],
        "requests_per_minute": 50,
        "concurrency": 8,
        "max_requests": None,
        "max_age": None,
        "cache_ttl": dt.timedelta(hours=1),
        "keep_snapshots": 3,
        "webhook_url": None,
        "notify_min_change_pct": 0,
    }
    assert set(WarehouseLocation.model_fields) == {"database", "destination"}


def test_every_setting_except_the_key_is_described() -> None:
    fields = Settings.model_fields.items()
    assert [name for name, field in fields if not field.description] == ["api_key"]


@pytest.mark.parametrize(
    ("name", "accepted", "rejected"),
    [
        ("requests_per_minute", [0, 1], [-1, 0.5, "x"]),
        ("concurrency", [1, 256], [0, 257]),
        ("max_requests", [1], [0, -1]),
        ("keep_snapshots", [1], [0]),
        ("notify_min_change_pct", [0, 0.5], [-0.1, float("inf"), float("nan")]),
        ("max_age", ["1.5h", "0s", " 90 m "], ["1,5h", "1000000.0001x", "1y", "h"]),
        ("cache_ttl", ["999999s"], ["1000000s", False]),
        ("destination", ["duckdb", "ducklake", "a_1"], ["DuckDB", "1a", "a-b", "", "é", "a\n"]),
        ("database", ["a", "a/b.duckdb"], ["", ".", "/"]),
        (
            "base_url",
            ["http://h", "https://h:65535/a/b", "http://[::1]"],
            ["h", "http://h:123456", "http://h?x", "http://h#x", "http://u@h", "http://h/a b"],
        ),
        ("api_key", ["!~"], ["a b", "é", "a\nb"]),
        ("model_ids", ["a, b", ["a b"], "..."], [".", "..", ["\udfff"]]),
    ],
)
def test_limits(name: str, accepted: list[object], rejected: list[object]) -> None:
    for value in accepted:
        Settings.read(**{name: value})
    for value in rejected:
        assert message_of(**{name: value}).startswith(f"setting {name}: "), value


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"zzz": 1}, "unknown setting 'zzz'"),
        (
            {"base_url": "x"},
            f"setting base_url: write a URL such as {BASE_URL}, without user, query or fragment",
        ),
        (
            {"database": ""},
            "setting database: expected the path of a file, such as llm_stats.duckdb",
        ),
        (
            {"destination": "X"},
            "setting destination: name a destination: duckdb, postgres or ducklake",
        ),
        (
            {"api_key": "a b"},
            "setting api_key: the key contains characters that are not allowed in an HTTP header",
        ),
    ],
    ids=["unknown", "base_url", "database", "destination", "api_key"],
)
def test_messages(given: dict[str, Any], message: str) -> None:
    assert message_of(**given) == message


def test_invalid_value_is_named_with_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".dlt").mkdir()
    Path(".dlt/config.toml").write_text("[sources.llm_stats]\nconcurrency = 0\n")
    cause = "Input should be greater than or equal to 1"
    assert message_of() == f"setting concurrency (.dlt/config.toml): {cause}"
    Path(".dlt/secrets.toml").write_text("[sources.llm_stats]\nconcurrency = 0\n")
    assert message_of() == f"setting concurrency (.dlt/secrets.toml): {cause}"
    monkeypatch.setenv("SOURCES__LLM_STATS__CONCURRENCY", "0")
    assert message_of() == f"setting concurrency (the environment): {cause}"
    assert message_of(concurrency=-1) == f"setting concurrency: {cause}"


def test_environment_variables_in_lower_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("sources__llm_stats__concurrency", "2")
    assert Settings.read().concurrency == 2
    monkeypatch.setenv("sources__llm_stats__zzz", "2")
    assert message_of() == "unknown setting 'sources__llm_stats__zzz'"


@pytest.mark.parametrize("text", ["sources = 3", "[sources]\nllm_stats = 3"])
def test_invalid_table_gets_advice(text: str) -> None:
    Path(".dlt").mkdir()
    Path(".dlt/config.toml").write_text(text)
    assert message_of().startswith(".dlt/config.toml cannot be read: ")
    assert message_of().endswith("; write settings in a table [sources.llm_stats]")


def test_location_is_read_without_the_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".dlt").mkdir()
    Path(".dlt/config.toml").write_text('[sources.llm_stats]\nconcurrency = 0\ndatabase = "x"\n')
    monkeypatch.setenv("SOURCES__LLM_STATS__MAX_AGE", "invalid")
    location = WarehouseLocation.read(destination="ducklake")
    assert location.model_dump() == {"database": Path("x"), "destination": "ducklake"}


@pytest.mark.parametrize("name", ["LLM_STATS_API_KEY", "SOURCES__LLM_STATS__API_KEY"])
def test_key_from_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    monkeypatch.setenv(name, " k ")
    assert Settings.read().require_key() == "k"
    assert Settings.origins() == {"api_key": "the environment"}


@pytest.mark.parametrize("key", ["", "  "])
def test_empty_key_is_no_key(key: str) -> None:
    settings = Settings.read(api_key=key, webhook_url=key)
    assert settings.webhook_url is None
    with pytest.raises(UsageError) as raised:
        settings.require_key()
    assert str(raised.value) == (
        "no API key: set LLM_STATS_API_KEY, or api_key in .dlt/secrets.toml under "
        "[sources.llm_stats]"
    )


def test_value_is_not_part_of_a_validation_error() -> None:
    with pytest.raises(ValidationError) as raised:
        Settings(base_url="secret")
    assert "secret" not in str(raised.value)


def test_time_span_in_every_unit() -> None:
    hour = dt.timedelta(hours=1)
    spans = ("3600s", "60m", "1h", "2d", "2w", "0.5h", "0", 0, hour)
    hours = [1, 1, 1, 48, 336, 0.5, 0, 0, 1]
    assert [duration(span) / hour for span in spans] == hours
    for invalid in (False, True, 1, 0.5, "1", None, ""):
        with pytest.raises(ValueError, match=r"^write a time span such as 90m, 6h or 7d$"):
            duration(invalid)


def test_model_ids() -> None:
    assert clean_model_ids([" b", "a ", "", "b", "  "]) == ["b", "a"]
    ids = ["a/b", "...", "ü", ".", "..", "a\ud800", "\udfff"]
    assert [is_valid_model_id(model_id) for model_id in ids] == [True] * 3 + [False] * 4
