"""Settings: sources, precedence, and error messages."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from llm_stats.errors import UsageError
from llm_stats.settings import Settings
from support.command import Command
from support.parameter_ids import parameter_id


@pytest.fixture
def config(workdir: Path) -> Path:
    (workdir / ".dlt").mkdir()
    return workdir / ".dlt" / "config.toml"


def test_precedence(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().concurrency == 8
    config.write_text("[sources.llm_stats]\nconcurrency = 2\nmax_requests = 10\n")
    assert Settings.read().concurrency == 2
    config.with_name("secrets.toml").write_text("[sources.llm_stats]\nconcurrency = 3\n")
    assert Settings.read().concurrency == 3
    monkeypatch.setenv("SOURCES__LLM_STATS__CONCURRENCY", "4")
    assert Settings.read().concurrency == 4
    assert Settings.read(concurrency=5).concurrency == 5
    assert Settings.read(concurrency=None).max_requests == 10


def test_key_of_another_source_is_ignored(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    monkeypatch.setenv("API_KEY", "of another service")
    assert Settings.read().api_key is None


def test_key_is_never_printed(workdir: Path) -> None:
    settings = Settings.read(api_key="top-secret")
    assert "top-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        ("6h", 6),
        ("90m", 1.5),
        ("7d", 168),
        ("2w", 336),
        ("3600s", 1),
        ("0", 0),
        (0, 0),
        (dt.timedelta(hours=2), 2),
    ],
)
def test_time_spans(workdir: Path, value: object, hours: float) -> None:
    assert Settings.read(max_age=value).max_age == dt.timedelta(hours=hours)


@pytest.mark.parametrize("value", ["7", 7, "soon", True, False, "99999999999d", "-1h", ""])
def test_time_span_needs_a_unit(workdir: Path, value: object) -> None:
    with pytest.raises(
        UsageError, match="setting max_age: write a time span such as 90m, 6h or 7d"
    ):
        Settings.read(max_age=value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"base_url": "http://"}, "setting base_url: write a URL such as https://"),
        ({"base_url": "ftp://host"}, "setting base_url: write a URL such as https://"),
        (
            {"base_url": "https://user:secret@host/v1"},
            "setting base_url: write a URL such as https://",
        ),
        ({"model_ids": ["a\ud800"]}, "setting model_ids: 'a.ud800' is not a model id"),
        ({"database": ""}, "setting database: expected the path of a file"),
        ({"model_ids": ["a", ".."]}, "setting model_ids: '..' is not a model id"),
        ({"concurrency": 0}, "setting concurrency: Input should be greater than or equal to 1"),
        ({"keep_snapshots": "many"}, "setting keep_snapshots: Input should be a valid integer"),
        ({"concurency": 3}, "unknown setting 'concurency'; did you mean concurrency?"),
    ],
    ids=parameter_id,
)
def test_invalid_value_is_an_error_with_its_cause(
    workdir: Path, given: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        Settings.read(**given)


def test_misspelled_name_is_an_error_in_every_source(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("[sources.llm_stats]\nmax_request = 3\n")
    with pytest.raises(
        UsageError,
        match=r"config\.toml: unknown setting 'max_request'; did you mean max_requests\?",
    ):
        Settings.read()
    config.write_text(
        "[sources.llm_stats]\n[sources.llm_stats.of_somebody_else]\nx = 1\n[runtime]\nx = 1\n"
    )
    Settings.read()
    monkeypatch.setenv("SOURCES__LLM_STATS__CONCURENCY", "3")
    with pytest.raises(
        UsageError,
        match="unknown setting 'SOURCES__LLM_STATS__CONCURENCY'; did you mean concurrency",
    ):
        Settings.read()


def test_unreadable_file_gets_no_advice_about_its_content(config: Path) -> None:
    config.mkdir()
    advice = "cannot be read: Is a directory; make it a readable file, or remove it$"
    with pytest.raises(UsageError, match=rf"^\.dlt/config\.toml {advice}"):
        Settings.read()


@pytest.mark.parametrize(
    "text", ["[sources.llm_stats", "sources = 3", "[sources]\nllm_stats = 3", "\udcff"]
)
def test_invalid_file_is_named(config: Path, text: str) -> None:
    config.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=r"^\.dlt/config\.toml cannot be read: "):
        Settings.read()


def test_ids_from_the_environment(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__MODEL_IDS", "a, b  c,a")
    assert Settings.read().model_ids == ["a", "b", "c"]
    monkeypatch.setenv("SOURCES__LLM_STATS__MODEL_IDS", '["a b", "c"]')
    assert Settings.read().model_ids == ["a b", "c"], "a JSON list, as dlt writes it"


@pytest.mark.parametrize(
    "url", ["http://[::1]:80/v1", "https://host", "http://127.0.0.1:8765/stats/v1"]
)
def test_base_urls(workdir: Path, url: str) -> None:
    assert Settings.read(base_url=url).base_url == url


def test_invalid_setting_is_named_with_its_origin_and_does_not_stop_readers(
    llm_stats: Command, demo: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    config.with_name("secrets.toml").write_text('[sources.llm_stats]\napi_key = "your key"\n')
    message = (
        "setting api_key (.dlt/secrets.toml): the key contains characters that are not allowed in "
        "an HTTP header"
    )
    assert llm_stats("run", "m").err == f"llm-stats: {message}\n"
    assert llm_stats("show", "models", "--database", demo).code == 0
    done = llm_stats("status", "--database", demo)
    assert message in done.out
    assert "last run" in done.out
    assert done.code == 2


def test_origin_of_the_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    config.with_name("secrets.toml").write_text('[sources.llm_stats]\napi_key = "good"\n')
    assert Settings.origins() == {"api_key": ".dlt/secrets.toml"}
    monkeypatch.setenv("SOURCES__LLM_STATS__API_KEY", "better")
    assert Settings.origins() == {"api_key": "the environment"}
