"""Run reporter and its sinks: exit codes, kinds of errors, failing sinks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import llm_stats as package
import pytest
from llm_stats.errors import CheckFailed, Locked, QuotaSpent, UsageError
from llm_stats.reporting.json_log import JsonLog
from llm_stats.reporting.reporter import RunReporter, SummaryFile
from llm_stats.reporting.webhook import Webhook
from llm_stats.settings import Settings
from support.processes import PROGRAMS
from support.run_output import log_events, read_summary
from support.webhook_server import WebhookServer


def fail(reporter: RunReporter, settings: Settings, error: BaseException) -> None:
    """Report a run that ends with an error."""
    with reporter:
        reporter.start(settings)
        raise error


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
def test_every_error_has_its_exit_code_and_kind(
    workdir: Path, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, kind: str
) -> None:
    reporter = RunReporter([SummaryFile(workdir / "run.json"), Webhook()])
    with WebhookServer() as hook, pytest.raises(type(error)):
        fail(reporter, Settings.read(webhook_url=hook.url), error)
    assert reporter.exit_code == code
    assert read_summary(workdir)["exit_code"] == code
    assert read_summary(workdir)["kind"] == kind
    assert 0 <= read_summary(workdir)["elapsed_seconds"] < 60
    heading = f"llm-stats failed: {kind.replace('_', ' ')} (exit code {code})"
    assert [text.splitlines()[0] for text in hook.texts] == ([heading] if code != 130 else [])
    assert capsys.readouterr().err == ""


class BrokenSink:
    name = "broken"

    def __init__(self) -> None:
        self.summaries: list[dict[str, Any]] = []

    def start(self, settings: Settings) -> None:
        pass

    def finish(self, summary: dict[str, Any]) -> None:
        self.summaries.append(summary)
        raise RuntimeError("a\x1b[31m")


def test_failing_sink_is_a_warning_and_the_others_run(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = BrokenSink()
    with (
        WebhookServer() as hook,
        RunReporter([broken, SummaryFile(workdir / "run.json"), Webhook()]) as reporter,
    ):
        reporter.start(Settings.read(webhook_url=hook.url))
        reporter.result = package.RunResult(workdir / "x.duckdb", new_models=["m"])
    assert reporter.exit_code == 0
    assert [read_summary(workdir)] == broken.summaries
    assert len(hook.texts) == 1
    assert capsys.readouterr().err == "llm-stats: RuntimeError: a\\x1b[31m\n"


def test_failing_sink_does_not_replace_the_error(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warnings: list[tuple[str, str]] = []
    reporter = RunReporter([BrokenSink(), JsonLog()], lambda *warning: warnings.append(warning))
    with pytest.raises(Locked):
        fail(reporter, Settings.read(), Locked("a"))
    assert reporter.exit_code == 6
    assert warnings == [("broken", "RuntimeError: a\x1b[31m")]
    assert [line["event"] for line in log_events(capsys.readouterr().err)] == [
        "run_started",
        "run_failed",
    ]


def test_sink_that_cannot_start_is_left_out_and_the_others_report_it(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workdir / "run.json").write_text("something else")
    reporter = RunReporter([SummaryFile(workdir / "run.json"), Webhook()])
    with WebhookServer() as hook, pytest.raises(UsageError, match="not a JSON file"), reporter:
        reporter.start(Settings.read(webhook_url=hook.url))
    assert [text.splitlines()[0] for text in hook.texts] == [
        "llm-stats failed: usage error (exit code 2)"
    ]
    assert (workdir / "run.json").read_text() == "something else"
    assert capsys.readouterr().err == ""


def test_every_sink_can_be_used_without_click() -> None:
    """A run started from Python code uses the same reporter as `llm-stats run`."""
    modules = (
        "llm_stats.reporting.reporter",
        "llm_stats.reporting.json_log",
        "llm_stats.reporting.webhook",
    )
    command = [sys.executable, str(PROGRAMS / "print_modules.py"), *modules]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert "click" not in done.stdout.split()


def test_summary_of_an_earlier_run_is_deleted_at_the_start(workdir: Path) -> None:
    """After a killed run, the file must not contain the summary of an earlier run."""
    with RunReporter([SummaryFile(workdir / "run.json")]) as earlier:
        earlier.result = package.RunResult(workdir / "x.duckdb")
    assert (workdir / "run.json").exists()
    RunReporter([SummaryFile(workdir / "run.json")]).start(Settings.read())
    assert not (workdir / "run.json").exists()


def test_summary_file_that_fails_at_the_end_is_a_warning(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunReporter([SummaryFile(workdir / "run.json")]) as reporter:
        reporter.start(Settings.read())
        reporter.result = package.RunResult(workdir / "x.duckdb")
        (workdir / "run.json").mkdir()
    assert reporter.exit_code == 0
    file = workdir / "run.json"
    assert (
        capsys.readouterr().err
        == f"llm-stats: cannot write the summary to {file}: not a regular file; name another file\n"
    )
