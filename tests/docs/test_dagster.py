"""The recipe of Dagster, run by the real tool: a single run, its time limit, the schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.orchestrators import (
    DAILY,
    EVERY_MINUTE,
    environment,
    orchestrated,
    wait_for_message,
    write_recipe,
)
from support.virtualenvs import ROOT, python_with
from support.webhook_server import WebhookServer

pytestmark = [pytest.mark.slow, pytest.mark.ecosystem, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def dagster_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("dagster"), "dagster", str(ROOT))


def test_quota_is_no_failure_and_a_missing_key_is(
    dagster_python: str, tmp_path: Path, api: SampleApi, hook: WebhookServer
) -> None:
    recipe = write_recipe("dagster_job.py", tmp_path)
    keys = (SAMPLE_KEY, SAMPLE_KEY, "")
    ended = orchestrated(dagster_python, "run_dagster", recipe, environment(api, hook), *keys)
    assert ended == [[True, [5]], [True, []], [False, []]]
    first, spent, no_key = hook.texts
    assert "5 loaded" in first
    assert "quota spent" in spent
    assert "no API key" in no_key


def test_time_limit_ends_the_run(dagster_python: str, tmp_path: Path, hook: WebhookServer) -> None:
    recipe = write_recipe("dagster_job.py", tmp_path, ("2 * 3600", "2"))
    with FakeApi(everywhere=[faults.slow(20)]) as api:
        variables = environment(api, hook)
        ended = orchestrated(dagster_python, "run_dagster", recipe, variables, SAMPLE_KEY)
    assert ended == [[False, []]]
    assert "stopped after the time limit of 2 s" in hook.texts[0]


def test_schedule_starts_the_run(
    dagster_python: str, tmp_path: Path, api: SampleApi, hook: WebhookServer
) -> None:
    recipe = write_recipe("dagster_job.py", tmp_path, (DAILY, EVERY_MINUTE))
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    log = str(tmp_path / "log")
    variables = environment(api, hook, DAGSTER_HOME=str(tmp_path), LOG=log)
    daemon = [str(Path(dagster_python).with_name("dagster-daemon")), "run", "-f", str(recipe)]
    assert "5 loaded" in wait_for_message(hook, daemon, variables)
