"""The recipes of Airflow and Dagster, run by the real tools: alone, over time, and by schedule."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.processes import PROGRAMS
from support.recipes import FOLDER, RECIPES
from support.virtualenvs import ROOT, python_with
from support.webhook_server import WebhookServer

pytestmark = [pytest.mark.slow, pytest.mark.ecosystem, pytest.mark.timeout(900)]

DAILY, EVERY_MINUTE = "15 5 * * *", "* * * * *"


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with WebhookServer() as listening:
        yield listening


def write_recipe(name: str, folder: Path, *replacements: tuple[str, str]) -> Path:
    """Write a recipe to `folder / "recipes"`, with another data folder and other replacements."""
    text = (RECIPES / name).read_text("utf-8")
    for old, new in ((FOLDER, str(folder)), *replacements):
        assert old in text
        text = text.replace(old, new)
    file = folder / "recipes" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def environment(api: SampleApi, hook: WebhookServer, **more: str) -> dict[str, str]:
    settings = {
        "LLM_STATS_API_KEY": SAMPLE_KEY,
        "SOURCES__LLM_STATS__BASE_URL": api.base_url,
        "SOURCES__LLM_STATS__WEBHOOK_URL": hook.url,
    }
    return os.environ | settings | more


def orchestrated(python: str, program: str, recipe: Path, variables: dict[str, str]) -> Any:
    """Run a recipe with `support/programs/<program>.py`; return the JSON that it prints."""
    done = subprocess.run(
        [python, str(PROGRAMS / f"{program}.py"), str(recipe)],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def wait_for_message(hook: WebhookServer, command: list[str], variables: dict[str, str]) -> str:
    """Run a scheduler until the webhook receives a message; return the message."""
    log = Path(variables["LOG"])
    with log.open("wb") as output:
        scheduler = subprocess.Popen(
            command, env=variables, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 240
        while not hook.texts and time.monotonic() < deadline and scheduler.poll() is None:
            time.sleep(0.5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(scheduler.pid, signal.SIGKILL)
        scheduler.wait()
    assert hook.texts, log.read_text()[-5000:]
    return hook.texts[0]


@pytest.fixture(scope="module")
def dagster_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("dagster"), "dagster", str(ROOT))


@pytest.fixture(scope="module")
def airflow_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("airflow"), "apache-airflow", str(ROOT))


class TestDagster:
    def test_quota_is_no_failure_and_a_missing_key_is(
        self, dagster_python: str, tmp_path: Path, api: SampleApi, hook: WebhookServer
    ) -> None:
        recipe = write_recipe("dagster_job.py", tmp_path)
        variables = environment(api, hook)
        ended = [
            orchestrated(
                dagster_python, "run_dagster", recipe, variables | {"LLM_STATS_API_KEY": key}
            )
            for key in (SAMPLE_KEY, SAMPLE_KEY, "")
        ]
        assert ended == [[True, [5]], [True, []], [False, []]]
        first, spent, no_key = hook.texts
        assert "5 loaded" in first
        assert "quota_spent" in spent
        assert "no API key" in no_key

    def test_time_limit_ends_the_run(
        self, dagster_python: str, tmp_path: Path, hook: WebhookServer
    ) -> None:
        recipe = write_recipe("dagster_job.py", tmp_path, ("2 * 3600", "2"))
        with FakeApi(everywhere=[faults.slow(20)]) as api:
            variables = environment(api, hook)
            assert orchestrated(dagster_python, "run_dagster", recipe, variables) == [False, []]
        assert "stopped after the time limit of 2 s" in hook.texts[0]

    def test_schedule_starts_the_run(
        self, dagster_python: str, tmp_path: Path, api: SampleApi, hook: WebhookServer
    ) -> None:
        recipe = write_recipe("dagster_job.py", tmp_path, (DAILY, EVERY_MINUTE))
        (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        log = str(tmp_path / "log")
        variables = environment(api, hook, DAGSTER_HOME=str(tmp_path), LOG=log)
        daemon = [str(Path(dagster_python).with_name("dagster-daemon")), "run", "-f", str(recipe)]
        assert "5 loaded" in wait_for_message(hook, daemon, variables)


class TestAirflow:
    @pytest.fixture
    def airflow(self, airflow_python: str, tmp_path: Path) -> dict[str, str]:
        """Create a database for Airflow; return Airflow's environment variables."""
        port = "18793"
        variables = {
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "recipes"),
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "PATH": f"{Path(airflow_python).parent}:{os.environ['PATH']}",
        }
        subprocess.run(
            [airflow_python, "-m", "airflow", "db", "migrate"],
            env=os.environ | variables,
            capture_output=True,
            check=True,
        )
        return variables

    def test_quota_is_no_failure_and_a_missing_key_is(
        self,
        airflow_python: str,
        airflow: dict[str, str],
        tmp_path: Path,
        api: SampleApi,
        hook: WebhookServer,
    ) -> None:
        recipe = write_recipe("airflow_dag.py", tmp_path)
        variables = environment(api, hook, **airflow)
        ended = [
            orchestrated(
                airflow_python, "run_airflow", recipe, variables | {"LLM_STATS_API_KEY": key}
            )
            for key in (SAMPLE_KEY, SAMPLE_KEY, "")
        ]
        assert ended == [[True, ["success"]], [False, ["skipped"]], [False, ["failed"]]]
        first, spent, no_key = hook.texts
        assert "5 loaded" in first
        assert "quota_spent" in spent
        assert "no API key" in no_key

    def test_time_limit_ends_the_run(
        self, airflow_python: str, airflow: dict[str, str], tmp_path: Path, hook: WebhookServer
    ) -> None:
        replacements = (("hours=2", "seconds=2"), ("retries=2", "retries=0"))
        recipe = write_recipe("airflow_dag.py", tmp_path, *replacements)
        with FakeApi(everywhere=[faults.slow(20)]) as api:
            variables = environment(api, hook, **airflow)
            assert orchestrated(airflow_python, "run_airflow", recipe, variables) == [
                False,
                ["failed"],
            ]
        assert "AirflowTaskTimeout" in hook.texts[0]

    def test_schedule_starts_the_run(
        self,
        airflow_python: str,
        airflow: dict[str, str],
        tmp_path: Path,
        api: SampleApi,
        hook: WebhookServer,
    ) -> None:
        """`airflow standalone` runs the scheduler and everything that it needs."""
        write_recipe("airflow_dag.py", tmp_path, (DAILY, EVERY_MINUTE))
        variables = environment(api, hook, **airflow, LOG=str(tmp_path / "log"))
        standalone = [str(Path(airflow_python).with_name("airflow")), "standalone"]
        assert "5 loaded" in wait_for_message(hook, standalone, variables)
