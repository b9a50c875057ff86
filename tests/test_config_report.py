"""Report of the configuration: values, origins, secrets, and an invalid setting."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest
from llm_stats import __version__
from llm_stats.config_report import config_report
from llm_stats.settings import BASE_URL

VERSIONS = {
    "llm-stats": __version__,
    "dlt": version("dlt"),
    "duckdb": version("duckdb"),
    "python": platform.python_version(),
}


def test_values_and_origins(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__MODEL_IDS", "a,b")
    monkeypatch.setenv("SOURCES__LLM_STATS__NOTIFY_MIN_CHANGE_PCT", "0.5")
    monkeypatch.setenv("SOURCES__LLM_STATS__DATABASE", "other.duckdb")
    report = config_report(Path("w.duckdb"), "ducklake")
    assert report.versions == VERSIONS
    assert report.problem is None
    found = {name: (entry["value"], entry["origin"]) for name, entry in report.settings.items()}
    assert found == {
        "database": (str(workdir / "w.duckdb"), "--database"),
        "destination": ("ducklake", "--destination"),
        "api_key": (True, "the environment"),
        "base_url": (BASE_URL, "default"),
        "model_ids": (["a", "b"], "the environment"),
        "requests_per_minute": (50, "default"),
        "concurrency": (8, "default"),
        "max_requests": (None, "default"),
        "max_age": (None, "default"),
        "cache_ttl": ("1:00:00", "default"),
        "keep_snapshots": (3, "default"),
        "webhook_url": (False, "default"),
        "notify_min_change_pct": (0.5, "the environment"),
    }
    assert config_report().settings["database"] == {
        "value": str(workdir / "other.duckdb"),
        "origin": "the environment",
    }
    assert config_report().settings["destination"]["origin"] == "default"


def test_webhook_and_key_are_not_shown(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", "https://hooks.example/secret")
    settings = config_report().settings
    assert settings["webhook_url"] == {"value": True, "origin": "the environment"}
    assert settings["api_key"] == {"value": False, "origin": "default"}


def test_invalid_setting_is_the_problem(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__CONCURRENCY", "x")
    report = config_report()
    assert report.versions == VERSIONS
    assert report.settings == {}
    assert report.problem == (
        "setting concurrency (the environment): Input should be a valid integer, unable to parse "
        "string as an integer"
    )
