"""What programs learn of a run: the file of `--summary`, the lines of `--log-format json`, and the result in Python, which say the same."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from pathlib import Path
from typing import Any

import llm_stats as package
import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats import sample
from llm_stats.errors import CheckFailed, Locked, QuotaSpent
from llm_stats.pipeline import json_log
from llm_stats.pipeline.reporter import RunReporter
from llm_stats.queries.checks import CheckResult
from llm_stats.sample import SampleApi
from llm_stats.settings import Settings
from llm_stats.table import Table
from support.command import Command
from support.virtualenvs import ROOT
from support.webhook_server import WebhookServer

FIVE = {"exit_code", "kind", "message", "started_at", "elapsed_seconds"}


def end(reporter: RunReporter, settings: Settings, error: BaseException) -> None:
    """A run that ends with an error."""
    with reporter:
        reporter.start(settings)
        raise error


def summary(workdir: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workdir / "run.json").read_text())
    assert [file.name for file in workdir.glob("*run.json*")] == ["run.json"]
    return found


def lines(err: str) -> list[dict[str, Any]]:
    """The lines of a JSON log, and nothing else."""
    assert err.isascii()
    found = [json.loads(line) for line in err.splitlines()]
    for line in found:
        assert list(line)[:3] == ["time", "level", "event"]
        assert line["time"].endswith("Z")
    return found


def test_a_run_that_published(llm_stats: Command, api: SampleApi, workdir: Path) -> None:
    records = sample.today()[:1]
    records[0]["id"] = name = "m\x1b[31m\u202e\x7f\udc80".encode("utf-8", "replace").decode()
    records[0]["carbon_g"] = 1
    api.publish(records)
    (workdir / "run.json").write_text('{"exit_code": 1}')
    done = llm_stats("run", "no-such\u202e", name, "--base-url", api.base_url, "--summary", "run.json", "--log-format", "json")
    assert (done.code, done.out.splitlines()[0]) == (4, summary(workdir)["message"])
    told = summary(workdir)
    assert set(told) > FIVE
    assert (told["exit_code"], told["kind"], told["requested"], told["requests_sent"]) == (4, "incomplete", 2, 2)
    assert told["outcomes"] == {"loaded": 1, "not_found": 1, "rejected": 0, "failed": 0, "deferred": 0}
    assert [(row["model_id"], row["outcome"], row["http_status"]) for row in told["problems"]] == [("no-such\u202e", "not_found", 404)]
    assert (told["new_models"], told["changes"], told["stop"], told["new_fields"]) == ([name], [], None, ["models.carbon_g"])
    assert told["is_published"] is Path(told["database"]).exists() is True
    started, problem, ended = lines(done.err)
    assert (started["level"], started["event"], started["version"]) == ("info", "run_started", package.__version__)
    assert (problem["level"], problem["event"], problem["model_id"]) == ("warning", "model_not_loaded", "no-such\u202e")
    assert (ended["level"], ended["event"], ended["outcomes"]) == ("warning", "run_finished", told["outcomes"])
    assert (ended["new_models_count"], ended["problems_count"], ended["changes_count"]) == (1, 1, 0)


def test_the_docs_show_the_shape() -> None:
    page = (ROOT / "docs" / "schedules.md").read_text("utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    told = package.RunResult(Path("x.duckdb")).to_dict()
    assert list(shown) == list(told)
    assert set(shown["outcomes"]) == set(told["outcomes"])
    assert set(list(shown)[:5]) == FIVE
    assert all(f"`{event}`" in page for event in ("run_started", "progress", "model_not_loaded", "run_finished", "run_failed"))


def test_in_python_it_says_the_same(api: SampleApi, workdir: Path) -> None:
    result: package.RunResult = package.run(["murmur-1", "aurora-large-1"], max_requests=1, base_url=api.base_url, concurrency=1)
    told = json.loads(json.dumps(result.to_dict()))
    assert (result.exit_code, result.is_published) == (75, True)
    assert (told["exit_code"], told["kind"], told["outcomes"]["deferred"], told["problems"]) == (75, "deferred", 1, [])
    assert told["stop"] == {"kind": "budget", "message": "the budget of 1 request is spent"}
    assert told["message"] == result.message
    assert told["database"] == str(workdir / "llm_stats.duckdb")


def test_changes_and_warnings_are_rows() -> None:
    changes = Table(("changed_at", "change", "size_pct"), ("TIMESTAMP", "VARCHAR", "DOUBLE"), [(dt.date(2026, 11, 1), "m", float("inf"))])
    warning = CheckResult("units_mixed", "warning", "Looks odd", 1, ("benchmark_id",), [("b",)])
    told = package.RunResult(Path("x.duckdb"), changes=changes, warnings=[warning]).to_dict()
    assert told["changes"] == [{"changed_at": "2026-11-01", "change": "m", "size_pct": None}]
    assert told["warnings"] == [{"check": "units_mixed", "description": "Looks odd", "row_count": 1}]


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_a_run_that_fetched_nothing(
    llm_stats: Command, api: SampleApi, workdir: Path, monkeypatch: pytest.MonkeyPatch, output_format: str
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    done = llm_stats("run", "m", "--base-url", api.base_url, "--summary", "run.json", "--log-format", output_format)
    told = summary(workdir)
    assert (done.code, done.out, set(told)) == (3, "", FIVE)
    assert (told["exit_code"], told["kind"]) == (3, "nothing_fetched")
    assert (
        told["message"]
        == "nothing could be fetched: the API refused the key: HTTP 401 invalid_api_key: The key is not valid. (https://sample.invalid/errors/invalid_api_key)"
    )
    if output_format == "text":
        assert done.err == f"llm-stats: {told['message']}\n"
    else:
        assert lines(done.err)[-1].items() >= ({"level": "error", "event": "run_failed"} | told).items()


def test_a_spent_quota_is_told(llm_stats: Command, workdir: Path) -> None:
    with FakeApi(everywhere=[faults.quota()]) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--summary", "run.json", "--log-format", "json")
    assert (done.code, summary(workdir)["exit_code"], summary(workdir)["kind"]) == (75, 75, "quota_spent")
    assert [(line["level"], line["event"]) for line in lines(done.err)] == [("info", "run_started"), ("info", "run_finished")], "no alarm"


@pytest.mark.parametrize("wrong", [("--concurrency", 0), ("--all",)])
def test_a_mistake_is_told_too(llm_stats: Command, workdir: Path, wrong: tuple[object, ...]) -> None:
    (workdir / "run.json").write_text('{"exit_code": 0}')
    with (workdir / "run.json").open() as being_read:
        done = llm_stats("run", "m", *wrong, "--summary", "run.json", "--log-format", "json")
        assert being_read.read() == '{"exit_code": 0}', "replaced as a whole"
    assert (done.code, summary(workdir)["kind"], lines(done.err)[-1]["exit_code"]) == (2, "usage_error", 2)


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (CheckFailed("a\nb"), 5, "check_failed"),
        (Locked("a"), 6, "locked"),
        (QuotaSpent("a"), 75, "quota_spent"),
        (KeyError("a"), 1, "unexpected"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_end_has_its_code_and_kind(
    workdir: Path, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, kind: str
) -> None:
    reporter = RunReporter(workdir / "run.json", notify=True)
    with WebhookServer() as hook, pytest.raises(type(error)):
        end(reporter, Settings.read(webhook_url=hook.url), error)
    assert (reporter.exit_code, summary(workdir)["exit_code"], summary(workdir)["kind"]) == (code, code, kind)
    assert [text.splitlines()[0] for text in hook.texts] == ([f"llm-stats ended with {kind} (exit code {code})"] if code != 130 else [])
    assert capsys.readouterr().err == ""


def test_debug_shows_the_traceback_in_a_json_log_too(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), RunReporter(json_log=True, debug=True):
        raise KeyError("a")
    with RunReporter(json_log=True) as reporter:
        raise KeyError("a")
    assert reporter.exit_code == 1
    assert [line["event"] for line in lines(capsys.readouterr().err)] == ["run_started", "run_failed"] * 2


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("llm_stats.duckdb/x/run.json", "Not a directory"),
        ("folder", "is no plain file"),
        ("link.json", "is no plain file"),
        ("llm_stats.duckdb", "holds something else; name another file"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_a_request_is_spent(
    llm_stats: Command, api: SampleApi, workdir: Path, file: str, says: str
) -> None:
    (workdir / "folder").mkdir()
    (workdir / "link.json").symlink_to("elsewhere")
    (workdir / "llm_stats.duckdb").write_bytes(b"DUCK")
    done = llm_stats("run", "m", "--base-url", api.base_url, "--summary", file)
    assert (done.code, done.err, api.requests) == (2, f"llm-stats: --summary {file}: {says}\n", [])
    assert (workdir / "llm_stats.duckdb").read_bytes() == b"DUCK"


def test_a_folder_that_is_missing_is_made(llm_stats: Command, api: SampleApi, workdir: Path) -> None:
    assert llm_stats("run", "murmur-1", "--base-url", api.base_url, "--summary", "new/folder/run.json").code == 0
    assert [(file.name, json.loads(file.read_text())["exit_code"]) for file in (workdir / "new" / "folder").iterdir()] == [("run.json", 0)]


def test_a_file_that_fails_in_the_end_is_said(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunReporter(workdir / "run.json") as reporter:
        reporter.start(Settings.read())
        reporter.result = package.RunResult(workdir / "x.duckdb")
        (workdir / "run.json").mkdir()
    assert reporter.exit_code == 0
    assert capsys.readouterr().err == f"llm-stats: --summary {workdir / 'run.json'}: is no plain file\n"


def test_a_webhook_that_fails_is_a_line_of_the_log(llm_stats: Command, api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", "nowhere")
    done = llm_stats("run", "m", "--base-url", api.base_url, "--notify", "--log-format", "json")
    assert [(line["level"], line["event"]) for line in lines(done.err)[-2:]] == [("error", "run_failed"), ("warning", "webhook_failed")]


def test_progress_is_logged_as_it_goes(
    api: SampleApi, workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from llm_stats.pipeline import progress
    from llm_stats.schema.fetch import Fetch, FetchResult
    from llm_stats.schema.record import UtcTime

    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.01)
    fetch = Fetch(model_id="m", requested_at=UtcTime(2026, 1, 1), outcome="rejected", attempts=1)
    for _ in json_log.log_progress(iter([FetchResult(fetch), FetchResult(fetch)]), 3):
        time.sleep(0.1)
    found = lines(capsys.readouterr().err)
    assert [line["event"] for line in found if line["event"] != "progress"] == ["model_not_loaded"] * 2
    (last,) = [line for line in found if line["event"] == "progress"][-1:]
    assert (last["loaded"], last["requested"], last["failed"]) == (0, 3, 2)
