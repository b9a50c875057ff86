"""`llm_stats.run()`: notification and files, as with the command `llm-stats run`."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llm_stats
import pytest
from llm_stats import sample
from llm_stats.errors import NothingFetched, UsageError
from llm_stats.pipeline.result import RunResult
from llm_stats.python_api import RunSettings
from llm_stats.sample import SampleApi
from llm_stats.settings import Settings
from support.webhook_server import WebhookServer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookServer]:
    with WebhookServer() as listening:
        monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", listening.url)
        yield listening


@pytest.fixture
def settings(api: SampleApi, one_model: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return keyword arguments for a run that fetches from the sample API.

    The page of `report` gets no chart library, because bundling it takes seconds.
    """
    monkeypatch.setattr("llm_stats.report.page._bundle_library", lambda: "")
    return {"base_url": api.base_url, "database": one_model, "requests_per_minute": 0}


def test_run_notifies_and_writes_all_outputs(
    settings: dict[str, Any], api: SampleApi, hook: WebhookServer, workdir: Path
) -> None:
    (changed,) = (record for record in sample.today() if record["id"] == "murmur-1")
    changed["providers"][0]["input_price_per_m"] = 1.5
    api.publish([changed])
    result = llm_stats.run(
        ["murmur-1"],
        notify=True,
        summary="run.json",
        report=workdir / "page.html",
        feed="changes.xml",
        **settings,
    )
    (text,) = hook.texts
    change = "murmur-1 at murmur: input 1.00 → 1.50 (+50 %)"
    assert change in text
    assert [row["change"] for row in result.changes] == [change]
    assert result.changes[0]["change"] == change
    assert len(result.changes) == 1
    assert result.quota is None
    assert json.loads(Path("run.json").read_text()) == result.to_dict()
    assert Path("page.html").read_text("utf-8").startswith("<!doctype html>")
    assert change in Path("changes.xml").read_text("utf-8")


def test_failed_run_is_reported_and_raised(
    settings: dict[str, Any], hook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    with pytest.raises(NothingFetched, match="the API rejected the key"):
        llm_stats.run(all_models=True, notify=True, summary="run.json", **settings)
    (text,) = hook.texts
    assert text.startswith("llm-stats failed: nothing fetched (exit code 3)\n")
    assert json.loads(Path("run.json").read_text())["kind"] == "nothing_fetched"


def test_failed_notification_is_logged_and_the_run_succeeds(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", "http://127.0.0.1:1/")
    monkeypatch.setattr("llm_stats.reporting.webhook._BACKOFF_SECONDS", 0.01)
    with caplog.at_level(logging.WARNING, "llm_stats"):
        result = llm_stats.run(["murmur-1", "no-such-model"], notify=True, **settings)
    assert result.exit_code == 4
    assert any("cannot post to the webhook" in message for message in caplog.messages)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"notify": True}, "cannot notify: there is no webhook"),
        ({"report": "mine.txt"}, "not an HTML page"),
        ({"feed": "mine.txt"}, "not an Atom feed"),
        ({"summary": "mine.txt"}, "not a JSON file"),
        ({"allowed_failures": ["no_such_check"]}, "no_such_check"),
    ],
    ids=["notify", "report", "feed", "summary", "allowed_failures"],
)
def test_unusable_output_is_an_error_before_the_first_request(
    settings: dict[str, Any], api: SampleApi, workdir: Path, given: dict[str, Any], message: str
) -> None:
    (workdir / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=message):
        llm_stats.run(all_models=True, **given, **settings)
    assert (workdir / "mine.txt").read_text() == "mine"
    assert api.requests == []


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({}, "no models to fetch: pass model_ids or all_models=True, or set model_ids in"),
        (
            {"model_ids": ["murmur-1"], "all_models": True},
            "all_models=True fetches every model; remove model_ids",
        ),
        ({"model_ids": ["murmur-1"], "catalog_only": True}, "add all_models=True, and remove"),
    ],
    ids=["none", "both", "catalog_only"],
)
def test_invalid_selection_is_an_error_before_the_first_request(
    settings: dict[str, Any], api: SampleApi, selection: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        llm_stats.run(**selection, **settings)
    assert api.requests == []


def test_every_setting_is_a_typed_argument() -> None:
    assert RunSettings.__annotations__.keys() | {"model_ids"} == Settings.model_fields.keys()
    assert RunSettings.__required_keys__ == set()


def test_unknown_setting_is_an_error() -> None:
    with pytest.raises(UsageError, match="'max_request'; did you mean max_requests"):
        llm_stats.run(["murmur-1"], max_request=240)  # type: ignore[call-arg]


def test_dlt_source_is_an_attribute_of_the_package() -> None:
    from llm_stats.load.source import llm_stats as source

    assert llm_stats.llm_stats is source
    assert dir(llm_stats) == ["RunResult", "__version__", "llm_stats", "run"]
    with pytest.raises(AttributeError, match="module 'llm_stats' has no attribute 'nothing'"):
        _ = llm_stats.nothing


def test_arguments_are_passed_to_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    passed: list[dict[str, Any]] = []

    def execute(settings: Settings, **options: Any) -> RunResult:
        passed.append({"model_ids": settings.model_ids, **options})
        return RunResult(settings.database)

    monkeypatch.setattr("llm_stats.pipeline.run.execute", execute)
    llm_stats.run("murmur-1, aurora", database=tmp_path / "w.duckdb", max_requests=None)
    llm_stats.run(iter(["a", "b"]), allowed_failures=["keys"])
    llm_stats.run(all_models=True, catalog_only=True)
    llm_stats.run(iter([]), all_models=True)
    plain = {"all_models": False, "catalog_only": False, "allowed_failures": ()}
    assert passed == [
        plain | {"model_ids": ["murmur-1", "aurora"]},
        plain | {"model_ids": ["a", "b"], "allowed_failures": ["keys"]},
        plain | {"model_ids": [], "all_models": True, "catalog_only": True},
        plain | {"model_ids": [], "all_models": True},
    ]
