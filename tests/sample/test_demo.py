"""The demo: rows of the printed comparisons, settings, and runs of two days."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import requests
from llm_stats.pipeline.result import RunResult
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.demo import comparisons, demo_settings, run_demo
from llm_stats.settings import Settings


def test_comparisons_of_the_demo(demo: Path) -> None:
    (_, cheapest), (_, best), (_, value) = comparisons(demo)
    assert cheapest.rows == [
        ("storm-1-nano", "storm", 0.02, 0.06, 0.03),
        ("tessera-8b-open", "bluebird", 0.05, 0.08, 0.0575),
        ("kestrel-2-mini", "bluebird", 0.3, 1.8, 0.675),
        ("aurora-small-1", "northlight", 0.4, 1.6, 0.7),
        ("quill-coder-1", "bluebird", 1.0, 5.5, 2.125),
    ]
    assert best.rows == [
        ("sample-arena", 1322.0, "raw", ["aurora-large-1"], 10),
        ("sample-reasoning", 0.88, "normalized", ["zenith-max-preview"], 10),
        ("sample-knowledge", 0.9, "normalized", ["zenith-max-preview"], 8),
        ("sample-math", 0.96, "normalized", ["zenith-max-preview"], 8),
        ("sample-repair", 0.75, "normalized", ["zenith-max-preview"], 7),
    ]
    assert value.rows == [
        ("tessera-70b-open", "commons", 0.0, 0.71),
        ("kestrel-2-pro", "bluebird", 5.4, 0.79),
        ("aurora-large-1", "alpine-cloud", 10.0, 0.82),
        ("zenith-max-preview", "zenith", 30.0, 0.88),
    ]


def test_settings_of_the_demo(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__CONCURRENCY", "2")
    api = SampleApi(port=8765)
    settings = demo_settings(api, workdir / "w.duckdb")
    expected = {
        "base_url": "http://127.0.0.1:8765/stats/v1",
        "database": workdir / "w.duckdb",
        "requests_per_minute": 0,
        "cache_ttl": dt.timedelta(0),
    }
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
    }
    assert settings.model_dump(exclude={"api_key"}) == {
        name: value for name, value in (defaults | expected).items() if name != "api_key"
    }
    assert settings.require_key() == SAMPLE_KEY


@pytest.mark.parametrize("is_new", [True, False])
def test_new_database_gets_a_run_of_yesterday(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    runs: list[tuple[int, dict[str, Any]]] = []

    def execute(settings: Settings, **options: Any) -> RunResult:
        listed = requests.get(settings.base_url.replace("/stats", "") + "/models", timeout=5)
        runs.append((len(listed.json()["data"]), options))
        return RunResult(settings.database)

    monkeypatch.setattr("llm_stats.sample.demo.execute", execute)
    if not is_new:
        (tmp_path / "w.duckdb").touch()
    result = run_demo(tmp_path / "w.duckdb")
    assert result.database == tmp_path / "w.duckdb"
    assert runs.pop() == (14, {"all_models": True})
    if is_new:
        models, options = runs.pop()
        assert models == 15
        age = dt.datetime.now(dt.UTC) - options.pop("clock")()
        assert age.total_seconds() == pytest.approx(86400, abs=5)
        assert options == {"all_models": True}
    assert runs == []
