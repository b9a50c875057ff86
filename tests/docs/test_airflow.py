"""The recipe of Airflow, run by the real tool: a single run, its time limit, the schedule."""

from __future__ import annotations

import os
import subprocess
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
from support.processes import PROGRAMS
from support.virtualenvs import ROOT, python_with
from support.webhook_server import WebhookServer

pytestmark = [pytest.mark.slow, pytest.mark.ecosystem, pytest.mark.timeout(900)]

PORT = "18793"


@pytest.fixture(scope="module")
def airflow_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("airflow"), "apache-airflow", str(ROOT))


@pytest.fixture(scope="module")
def settings(airflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Create a database for Airflow; return Airflow's environment variables."""
    variables = {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow_home")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__API__PORT": PORT,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{PORT}/execution/",
        "PATH": f"{Path(airflow_python).parent}:{os.environ['PATH']}",
    }
    subprocess.run(
        [airflow_python, "-m", "airflow", "db", "migrate"],
        env=os.environ | variables,
        capture_output=True,
        check=True,
    )
    return variables


@pytest.fixture
def airflow(settings: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return Airflow's environment variables, with the folder of this test's recipe."""
    return settings | {"AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "recipes")}


def test_quota_is_no_failure_and_a_missing_key_is(
    airflow_python: str,
    airflow: dict[str, str],
    tmp_path: Path,
    api: SampleApi,
    hook: WebhookServer,
) -> None:
    recipe = write_recipe("airflow_dag.py", tmp_path)
    keys = (SAMPLE_KEY, SAMPLE_KEY, "")
    states = orchestrated(
        airflow_python, "run_airflow", recipe, environment(api, hook, **airflow), *keys
    )
    assert states == ["success", "skipped", "failed"]
    first, spent, no_key = hook.texts
    assert "5 loaded" in first
    assert "quota spent" in spent
    assert "no API key" in no_key


def test_time_limit_ends_the_run(
    airflow_python: str, airflow: dict[str, str], tmp_path: Path, hook: WebhookServer
) -> None:
    replacements = (("hours=2", "seconds=5"), ("retries=2", "retries=0"))
    recipe = write_recipe("airflow_dag.py", tmp_path, *replacements)
    with FakeApi(everywhere=[faults.slow(20)]) as api:
        variables = environment(api, hook, **airflow)
        states = orchestrated(airflow_python, "run_airflow", recipe, variables, SAMPLE_KEY)
    assert states == ["failed"]
    assert "AirflowTaskTimeout" in hook.texts[0]


def test_schedule_starts_the_run(
    airflow: dict[str, str], tmp_path: Path, api: SampleApi, hook: WebhookServer
) -> None:
    """The test has its own database: in a shared one, another test's DAG would start first."""
    write_recipe("airflow_dag.py", tmp_path, (DAILY, EVERY_MINUTE))
    own = {"AIRFLOW_HOME": str(tmp_path / "home"), "LOG": str(tmp_path / "log")}
    variables = environment(api, hook, **airflow | own)
    services = ["bash", str(PROGRAMS / "run_airflow_services.sh"), PORT]
    assert "5 loaded" in wait_for_message(hook, services, variables)
