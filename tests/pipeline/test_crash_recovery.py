"""Interrupted and killed runs: published state, cached responses, requests of the next run.

`LLM_STATS_KILLS=20` kills a run at 20 moments instead of one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.errors import QuotaSpent
from llm_stats.pipeline.interrupts import termination_interrupts
from llm_stats.pipeline.run import execute
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.demo import demo_settings
from llm_stats.sample.http import Request, Response, error_response
from llm_stats.sample.planned import PlannedFeatures
from support.command import Command
from support.processes import PROGRAMS
from support.queries import query_rows
from support.sample_requests import requested_ids
from support.synthetic_catalog import synthetic_catalog
from support.twelve_models import IDS, RECORDS
from support.webhook_server import WebhookServer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

KILLS = int(os.environ.get("LLM_STATS_KILLS", "1"))


def run_arguments(api: SampleApi, *arguments: str) -> list[str]:
    """Return the arguments of `llm-stats run` against `api`, without a rate limit."""
    return ["run", *arguments, "--base-url", api.base_url, "--requests-per-minute", "0", "--quiet"]


def start(workdir: Path, api: SampleApi, *arguments: str) -> subprocess.Popen[str]:
    """Start `llm-stats run` in a separate process."""
    return subprocess.Popen(
        [sys.executable, "-m", "llm_stats", *run_arguments(api, *arguments)],
        cwd=workdir,
        env=os.environ | {"LLM_STATS_API_KEY": SAMPLE_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def exit_code_in_shell(run: subprocess.Popen[str]) -> int:
    """Return the exit code as a shell shows it: 130 for a process that SIGINT killed.

    Usually the process handles SIGINT and exits with 130. SIGINT kills a `python -m` process that
    is running a string with `exec`, for example to create a dataclass.
    """
    code: int = run.returncode
    return code if code >= 0 else 128 - code


class TestInterrupt:
    """A single Ctrl-C during a run."""

    def interrupt(
        self, workdir: Path, api: SampleApi, when: Callable[[], bool]
    ) -> tuple[int, str, str]:
        """Start a run and interrupt it soon after `when()` returns True.

        Return its exit code, standard output and standard error.
        """
        run = start(workdir, api, *IDS)
        while not when():
            assert run.poll() is None, run.communicate()
            time.sleep(0.01)
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        return exit_code_in_shell(run), out, err

    def test_ends_a_run_that_waits_for_a_slow_response(self, twelve_models: Path) -> None:
        """A response that arrives a second after the interrupt is cached too."""
        before = twelve_models.read_bytes()
        slow = {IDS[3]: faults.slow(3600), IDS[5]: faults.slow(1.5)}
        with FakeApi(RECORDS, faults=slow) as api:
            folder = twelve_models.parent
            code, out, err = self.interrupt(folder, api, lambda: len(api.requests) == 12)
        assert code == 130, err
        assert out == ""
        assert (
            err.strip() == "llm-stats: interrupted; nothing was published, "
            "11 responses are kept for the next run"
        )
        assert twelve_models.read_bytes() == before

    def test_during_the_imports_prints_no_traceback(self) -> None:
        program = [sys.executable, str(PROGRAMS / "interrupt_import.py")]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        assert done.returncode == -signal.SIGINT

    def test_second_interrupt_does_not_lose_the_message(self, twelve_models: Path) -> None:
        with FakeApi(RECORDS, faults={IDS[3]: faults.slow(3600)}) as api:
            run = start(twelve_models.parent, api, *IDS)
            while len(api.requests) < len(IDS):
                assert run.poll() is None, run.communicate()
                time.sleep(0.01)
            for _ in range(2):
                time.sleep(0.3)
                run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=60)
        assert "11 responses are kept for the next run" in err
        assert "Traceback" not in err


class TestTermination:
    """SIGTERM (sent by a scheduler at its time limit) and SIGHUP (sent by a closing terminal)."""

    @pytest.mark.parametrize(
        ("number", "code", "awaited", "arguments"),
        [
            (signal.SIGTERM, 143, IDS[3], IDS),
            (signal.SIGHUP, 129, faults.LIST, ["--all", "--log-format", "json"]),
        ],
        ids=["TERM during a response", "HUP during the model list, with a JSON log"],
    )
    def test_is_reported_to_summary_webhook_and_log(
        self,
        number: signal.Signals,
        code: int,
        awaited: str,
        arguments: list[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        expected = 1 if awaited == faults.LIST else len(IDS)
        slow = {awaited: faults.slow(3600)}
        with WebhookServer() as webhook, FakeApi(RECORDS, faults=slow) as api:
            monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", webhook.url)
            run = start(tmp_path, api, *arguments, "--summary", "run.json", "--notify")
            while len(api.requests) < expected:
                assert run.poll() is None, run.communicate()
                time.sleep(0.01)
            run.send_signal(number)
            _, err = run.communicate(timeout=60)

        assert run.returncode == code, err
        expected_message = f"interrupted by {number.name}; nothing was published"
        if "json" in arguments:
            *_, last = map(json.loads, err.splitlines())
            assert last["event"] == "run_failed"
            assert last["exit_code"] == code
            assert last["kind"] == "interrupted"
            assert last["message"].startswith(expected_message)
        else:
            assert f"llm-stats: {expected_message}" in err
        assert "Traceback" not in err
        summary = json.loads((tmp_path / "run.json").read_text("utf-8"))
        assert summary["exit_code"] == code
        assert summary["kind"] == "interrupted"
        (message,) = webhook.texts
        assert f"failed: interrupted (exit code {code})" in message

    def test_handlers_are_restored_and_ignored_signals_stay_ignored(self) -> None:
        signals = {signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_IGN}
        previous = {number: signal.signal(number, action) for number, action in signals.items()}
        try:
            with termination_interrupts():
                assert callable(signal.getsignal(signal.SIGTERM))
                assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def test_python_api_leaves_the_handlers_alone(self, tmp_path: Path) -> None:
        before = signal.getsignal(signal.SIGTERM)
        handlers = []

        class Observing(SampleApi):
            def get(self, request: Request) -> Response:
                handlers.append(signal.getsignal(signal.SIGTERM))
                return error_response(429, "quota_exceeded", "Daily quota spent.")

        with Observing() as api, pytest.raises(QuotaSpent):
            execute(demo_settings(api, tmp_path / "llm_stats.duckdb"), all_models=True)
        assert handlers == [before]


class TestKill:
    """`kill -9` of a run, then the same command again.

    After the second run, all ids are loaded. If the first run was killed before publishing, the
    second run repeats only requests that were in flight, with the same key. They cost no second
    unit of the quota.
    """

    COUNT, CONCURRENCY, LATENCY_MS = 40, 4, 25

    @pytest.mark.parametrize("moment", range(KILLS))
    def test_at_any_time_loses_and_repeats_no_request(
        self, moment: int, llm_stats: Command, tmp_path: Path
    ) -> None:
        """A fifth of the kills come after the last response: during load, checks or publishing."""
        records = synthetic_catalog(self.COUNT, providers=1, scores=1)
        ids = [entry["id"] for entry in records]
        (tmp_path / "ids.txt").write_text("\n".join(ids))
        progress = (moment + 0.5) / KILLS * 1.25
        planned = PlannedFeatures()
        with SampleApi(records, latency_ms=self.LATENCY_MS, planned=planned) as api:
            arguments = ("--ids-file", "ids.txt", "--concurrency", str(self.CONCURRENCY))
            run = start(tmp_path, api, *arguments)
            while len(api.requests) < min(progress, 1) * self.COUNT:
                assert run.poll() is None, run.communicate()
                time.sleep(0.002)
            time.sleep(max(progress - 1, 0) * 4)
            published = (tmp_path / "llm_stats.duckdb").exists()
            os.kill(run.pid, signal.SIGKILL)
            run.communicate()
            time.sleep(2 * self.LATENCY_MS / 1000)  # until requests in flight have arrived
            before = len(requested_ids(api))
            assert self.files_with_the_key(tmp_path) == []
            second = llm_stats(*run_arguments(api, *arguments))
            assert second.err == ""
            assert second.code == 0
        assert f"{self.COUNT} models requested: {self.COUNT} loaded; " in second.out
        assert query_rows(
            tmp_path / "llm_stats.duckdb",
            "select count(*), count(distinct id), count(etag) from raw.models",
        ) == [(self.COUNT, self.COUNT, self.COUNT)]
        assert set(requested_ids(api)) == set(ids)
        if not published:
            assert len(requested_ids(api)) <= self.COUNT + self.CONCURRENCY, (
                f"{before} requests before the kill"
            )
            assert query_rows(
                tmp_path / "llm_stats.duckdb", "select count(*), sum(attempts) from raw.fetches"
            ) == [(self.COUNT, len(requested_ids(api)) - before)]
            keys = {request.headers["idempotency-key"] for request in api.requests}
            assert len(keys) == self.COUNT, "one per model"
            assert planned.units == self.COUNT

    def files_with_the_key(self, workdir: Path) -> list[Path]:
        return [
            file
            for file in workdir.rglob("*")
            if file.is_file() and SAMPLE_KEY.encode() in file.read_bytes()
        ]
