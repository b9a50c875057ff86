"""Summary file, JSON log and Python result of a run: they contain the same summary."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from pathlib import Path

import llm_stats as package
import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats import sample
from llm_stats.queries.checks import CheckResult
from llm_stats.reporting import json_log
from llm_stats.sample import SampleApi
from llm_stats.table import Table
from support.command import Command
from support.processes import run_command
from support.run_output import log_events, read_summary
from support.virtualenvs import ROOT

ERROR_KEYS = {"exit_code", "kind", "message", "started_at", "elapsed_seconds"}


@pytest.mark.slow
@pytest.mark.usefixtures("one_model")
def test_published_run(llm_stats: Command, api: SampleApi, workdir: Path) -> None:
    records = sample.today()[:1]
    records[0]["id"] = name = "m\x1b[31m\u202e\x7f\udc80".encode("utf-8", "replace").decode()
    records[0]["carbon_g"] = 1
    api.publish(records)
    (workdir / "run.json").write_text('{"exit_code": 1}')
    done = llm_stats(
        "run",
        "no-such\u202e",
        name,
        "--base-url",
        api.base_url,
        "--summary",
        "run.json",
        "--log-format",
        "json",
    )
    assert done.out.splitlines()[0] == read_summary(workdir)["message"]
    assert done.code == 4
    written = read_summary(workdir)
    assert set(written) > ERROR_KEYS
    assert written["exit_code"] == 4
    assert written["kind"] == "incomplete"
    assert written["requested"] == 2
    assert written["requests_sent"] == 2
    assert 0 < written["elapsed_seconds"] < 60
    assert written["outcomes"] == {
        "loaded": 1,
        "not_modified": 0,
        "not_found": 1,
        "rejected": 0,
        "failed": 0,
        "deferred": 0,
    }
    assert [
        (row["model_id"], row["outcome"], row["http_status"]) for row in written["problems"]
    ] == [("no-such\u202e", "not_found", 404)]
    assert written["new_models"] == [name]
    assert written["changes"] == []
    assert written["stop"] is None
    assert written["new_fields"] == ["models.carbon_g"]
    assert written["is_published"] is Path(written["database"]).exists() is True
    started, problem, ended = log_events(done.err)
    assert started["level"] == "info"
    assert started["event"] == "run_started"
    assert started["version"] == package.__version__
    assert problem["level"] == "warning"
    assert problem["event"] == "model_not_loaded"
    assert problem["model_id"] == "no-such\u202e"
    assert ended["level"] == "warning"
    assert ended["event"] == "run_finished"
    assert ended["outcomes"] == written["outcomes"]
    assert ended["new_models_count"] == 1
    assert ended["problems_count"] == 1
    assert ended["changes_count"] == 0


def test_docs_show_all_keys_and_events() -> None:
    page = (ROOT / "docs" / "schedules.md").read_text("utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    written = package.RunResult(Path("x.duckdb")).to_dict()
    assert list(shown) == list(written)
    assert set(shown["outcomes"]) == set(written["outcomes"])
    assert set(list(shown)[:5]) == ERROR_KEYS
    assert all(
        f"`{event}`" in page
        for event in ("run_started", "progress", "model_not_loaded", "run_finished", "run_failed")
    )


def test_changes_and_warnings_are_rows() -> None:
    changes = Table(
        ("changed_at", "change", "size_pct"),
        ("TIMESTAMP", "VARCHAR", "DOUBLE"),
        [(dt.date(2026, 11, 1), "m", float("inf"))],
    )
    warning = CheckResult("units_mixed", "warning", "Looks odd", 1, ("benchmark_id",), [("b",)])
    written = package.RunResult(Path("x.duckdb"), changes=changes, warnings=[warning]).to_dict()
    assert written["changes"] == [{"changed_at": "2026-11-01", "change": "m", "size_pct": None}]
    assert written["warnings"] == [
        {"check": "units_mixed", "description": "Looks odd", "row_count": 1}
    ]


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_run_that_fetched_nothing(
    run: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch, output_format: str
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    done = run("--all", "--summary", "run.json", "--log-format", output_format)
    written = read_summary(workdir)
    assert done.out == ""
    assert done.code == 3
    assert set(written) == ERROR_KEYS
    assert written["exit_code"] == 3
    assert written["kind"] == "nothing_fetched"
    assert written["message"] == (
        "the API rejected the key: HTTP 401 invalid_api_key: The key is not valid. "
        "(https://sample.invalid/errors/invalid_api_key); nothing was published"
    )
    if output_format == "text":
        assert done.err == f"llm-stats: {written['message']}\n"
    else:
        assert (
            log_events(done.err)[-1].items()
            >= ({"level": "error", "event": "run_failed"} | written).items()
        )


def test_spent_quota_is_not_logged_as_an_error(llm_stats: Command, workdir: Path) -> None:
    with FakeApi(everywhere=[faults.quota()]) as api:
        done = llm_stats(
            "run",
            "--all",
            "--base-url",
            api.base_url,
            "--summary",
            "run.json",
            "--log-format",
            "json",
        )
    assert done.code == 75
    assert read_summary(workdir)["exit_code"] == 75
    assert read_summary(workdir)["kind"] == "quota_spent"
    assert [(line["level"], line["event"]) for line in log_events(done.err)] == [
        ("info", "run_started"),
        ("info", "run_finished"),
    ], "not an error"


@pytest.mark.parametrize("wrong", [("--concurrency", 0), ("--all",)])
def test_usage_error_is_reported(
    llm_stats: Command, workdir: Path, wrong: tuple[object, ...]
) -> None:
    (workdir / "run.json").write_text('{"exit_code": 0}')
    with (workdir / "run.json").open() as reader:
        done = llm_stats("run", "m", *wrong, "--summary", "run.json", "--log-format", "json")
        assert reader.read() == '{"exit_code": 0}', "the file is replaced, not rewritten"
    assert done.code == 2
    assert read_summary(workdir)["kind"] == "usage_error"
    assert log_events(done.err)[-1]["exit_code"] == 2


@pytest.mark.slow
def test_debug_prints_the_traceback_after_the_json_log(llm_stats: Command, api: SampleApi) -> None:
    run = ("run", "--all", "--base-url", api.base_url.replace("/stats", ""), "--log-format", "json")
    done = llm_stats(*run)
    assert done.code == 3
    assert [line["event"] for line in log_events(done.err)] == ["run_started", "run_failed"]
    debugged = run_command("--debug", *run)
    assert debugged.returncode == 3
    log, traceback = debugged.stderr.split("Traceback (most recent call last):\n", 1)
    assert [line["event"] for line in log_events(log)] == ["run_started", "run_failed"]
    assert "NothingFetched: " in traceback


@pytest.mark.parametrize(
    ("file", "cause"),
    [
        ("llm_stats.duckdb/x/run.json", "Not a directory"),
        ("folder", "not a regular file; name another file"),
        ("link.json", "not a regular file; name another file"),
        ("llm_stats.duckdb", "not a JSON file; name another file"),
    ],
)
def test_unwritable_summary_file_is_an_error_before_the_first_request(
    llm_stats: Command, api: SampleApi, workdir: Path, file: str, cause: str
) -> None:
    (workdir / "folder").mkdir()
    (workdir / "link.json").symlink_to("target")
    (workdir / "llm_stats.duckdb").write_bytes(b"DUCK")
    done = llm_stats("run", "m", "--base-url", api.base_url, "--summary", file)
    assert done.err == f"llm-stats: cannot write the summary to {file}: {cause}\n"
    assert done.code == 2
    assert api.requests == []
    assert (workdir / "llm_stats.duckdb").read_bytes() == b"DUCK"


def test_missing_folder_is_created(run: Command, workdir: Path) -> None:
    assert run("--catalog-only", "--summary", "new/folder/run.json").code == 2
    assert [
        (file.name, json.loads(file.read_text())["exit_code"])
        for file in (workdir / "new" / "folder").iterdir()
    ] == [("run.json", 2)]


def test_failed_webhook_is_logged(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", "nowhere")
    done = run("--all", "--notify", "--log-format", "json")
    assert [(line["level"], line["event"]) for line in log_events(done.err)[-2:]] == [
        ("error", "run_failed"),
        ("warning", "webhook_failed"),
    ]


def test_progress_is_logged_during_the_run(
    api: SampleApi,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from llm_stats.api.rate_limit import RateLimiter
    from llm_stats.pipeline import progress
    from llm_stats.schema.fetch import Fetch, FetchResult
    from llm_stats.schema.record import UtcTime

    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.01)
    fetch = Fetch(model_id="m", requested_at=UtcTime(2026, 1, 1), outcome="rejected", attempts=1)
    for _ in json_log.JsonProgress().show(iter([FetchResult(fetch)] * 2), 3, RateLimiter(0)):
        time.sleep(0.1)
    logged = log_events(capsys.readouterr().err)
    assert [line["event"] for line in logged if line["event"] != "progress"] == [
        "model_not_loaded"
    ] * 2
    (last,) = [line for line in logged if line["event"] == "progress"][-1:]
    assert last["loaded"] == 0
    assert last["requested"] == 3
    assert last["failed"] == 2
    assert last["is_waiting"] is False
