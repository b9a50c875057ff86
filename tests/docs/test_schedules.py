"""The recipes under `docs/schedules`, run with another folder and the address of a sample API."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from fake_api.server import FakeApi
from llm_stats.pipeline.run import execute
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.demo import demo_settings
from support.processes import PROGRAMS
from support.virtualenvs import ROOT, python_with
from support.webhook_server import WebhookServer

pytestmark = pytest.mark.slow

RECIPES = ROOT / "docs" / "schedules"
FOLDER = "/srv/llm-stats"
BARE = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LOGNAME": "llm-stats", "SHELL": "/bin/sh"}


@pytest.fixture
def api() -> Iterator[SampleApi]:
    """Yield a sample API with a daily quota of six requests: the catalog and five models."""
    with FakeApi(daily_quota=6) as serving:
        yield serving


@pytest.fixture
def folder(tmp_path: Path, api: SampleApi) -> Iterator[Path]:
    """Yield a folder that replaces the `/srv/llm-stats` of the recipes."""
    (tmp_path / "venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        f'[sources.llm_stats]\nbase_url = "{api.base_url}"\n'
    )
    with WebhookServer() as hook:
        secrets = f'[sources.llm_stats]\napi_key = "{SAMPLE_KEY}"\nwebhook_url = "{hook.url}"\n'
        (tmp_path / ".dlt" / "secrets.toml").write_text(secrets)
        yield tmp_path


def count_models(database: Path) -> tuple[int, int]:
    """Return the number of models, and how many of them have a record."""
    with duckdb.connect(database, read_only=True) as connection:
        (counts,) = connection.execute(
            "select count(*), count(fetched_at) from marts.models"
        ).fetchall()
    return int(counts[0]), int(counts[1])


def test_the_docs_name_every_recipe_and_each_knows_code_75() -> None:
    page = (ROOT / "docs" / "schedules.md").read_text("utf-8")
    for recipe in RECIPES.iterdir():
        assert f"(schedules/{recipe.name})" in page
        assert "75" in recipe.read_text("utf-8") or recipe.suffix == ".timer"


def test_cron(folder: Path, api: SampleApi) -> None:
    lines = [
        line
        for line in (RECIPES / "crontab").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    settings = dict(line.split("=", 1) for line in lines[:-1])
    assert settings == {"SHELL": "/bin/sh", "LLM_STATS_FOLDER": FOLDER}
    match = re.fullmatch(r"\d+ \d+ \* \* \* (.*)", lines[-1])
    assert match
    assert "%" not in match[1], "cron reads it as the end of the line"

    def cron(key: str) -> subprocess.CompletedProcess[str]:
        environment = BARE | settings | {"LLM_STATS_FOLDER": str(folder), "LLM_STATS_API_KEY": key}
        return subprocess.run(
            ["/bin/sh", "-c", match[1]],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )

    done = cron(SAMPLE_KEY)
    assert done.stdout == ""
    assert done.stderr == ""
    assert done.returncode == 0
    day, message, *_ = (folder / "run.log").read_text().splitlines()
    assert re.search(r"\b20\d\d\b", day), "a date"
    assert message.startswith("14 models requested: 5 loaded, 9 deferred")
    assert count_models(folder / "llm_stats.duckdb") == (14, 5)
    rejected = cron("wrong-key")
    assert "the API rejected the key" in rejected.stderr
    assert rejected.returncode == 1
    shutil.rmtree(folder / ".dlt")
    assert cron(SAMPLE_KEY).returncode == 1, "a configuration error is a failure"


def price_watch(language: str) -> list[str]:
    """Return the code blocks of a language under "Hourly price watch"."""
    page = (ROOT / "docs" / "schedules.md").read_text("utf-8")
    section = page.split("## Hourly price watch\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)```$", section, re.DOTALL | re.MULTILINE)


def test_price_watch_of_cron(folder: Path, api: SampleApi) -> None:
    (line,) = price_watch("cron")
    schedule, command = line.split(" cd ", 1)
    assert schedule == "45 * * * *"
    done = subprocess.run(
        ["/bin/sh", "-c", f"cd {command}"],
        env=BARE | {"LLM_STATS_FOLDER": str(folder), "LLM_STATS_API_KEY": SAMPLE_KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert count_models(folder / "llm_stats.duckdb") == (14, 0)
    assert [request.route for request in api.requests] == ["/models"]


@pytest.fixture
def units(folder: Path) -> list[Path]:
    """Return the paths of the systemd units, changed to use `folder`."""
    written = [folder / name for name in ("llm-stats.service", "llm-stats.timer")]
    for unit in written:
        unit.write_text((RECIPES / unit.name).read_text("utf-8").replace(FOLDER, str(folder)))
    return written


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_verifies_the_units(units: list[Path]) -> None:
    verified = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True, check=False
    )
    assert verified.stderr == ""
    assert verified.returncode == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_price_watch_of_systemd(units: list[Path], folder: Path) -> None:
    (commands,) = price_watch("sh")[:1]
    for command in [line for line in commands.splitlines() if line.startswith("sed ")]:
        subprocess.run(["/bin/sh", "-ec", command], cwd=folder, check=True)
    assert "--all --max-requests 200 --notify" in units[0].read_text()
    made = [folder / "llm-stats-prices.service", folder / "llm-stats-prices.timer"]
    assert "--all --catalog-only --notify" in made[0].read_text()
    assert "--summary prices.json" in made[0].read_text()
    assert "OnCalendar=*-*-* *:45:00 UTC\n" in made[1].read_text()
    verified = subprocess.run(
        ["systemd-analyze", "verify", *map(str, made)], capture_output=True, text=True, check=False
    )
    assert verified.stderr == ""
    assert verified.returncode == 0


def test_price_watch_of_github_actions() -> None:
    """Only GitHub evaluates the expression in the command; both results are options of `run`."""
    recipe = (RECIPES / "github-actions.yml").read_text("utf-8")
    (schedule,), command = price_watch("yaml"), price_watch("sh")[1]
    daily = '    - cron: "15 5 * * *"\n'
    workflow = yaml.safe_load(recipe.replace(daily, daily + schedule))
    assert [entry["cron"] for entry in workflow[True]["schedule"]] == ["15 5 * * *", "45 * * * *"]
    (expression,) = re.findall(r"\$\{\{ (.*?) }}", command)
    assert expression == (
        "github.event.schedule == '45 * * * *' && '--catalog-only' || '--max-requests 200'"
    )
    daily_command = command.replace(f"${{{{ {expression} }}}}", "--max-requests 240").strip()
    assert daily_command in recipe


def test_the_command_of_the_service(units: list[Path], folder: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(units[0].read_text())
    service = unit["Service"]
    assert service["WorkingDirectory"] == service["ReadWritePaths"] == str(folder)

    def start(base_url: str) -> tuple[int, str, str]:
        (folder / ".dlt" / "config.toml").write_text(
            f'[sources.llm_stats]\nbase_url = "{base_url}"\n'
        )
        command = shlex.split(service["ExecStart"])
        done = subprocess.run(
            command,
            env=BARE,
            cwd=service["WorkingDirectory"],
            capture_output=True,
            text=True,
            check=False,
        )
        _, ended = map(json.loads, done.stderr.splitlines())
        return (
            done.returncode,
            ended["event"],
            json.loads((folder / "run.json").read_text())["kind"],
        )

    no_failure = set(map(int, service["SuccessExitStatus"].split()))
    with FakeApi(daily_quota=0) as spent:
        assert start(spent.base_url) == (75, "run_finished", "quota_spent")
        assert start(spent.base_url.replace("/stats", "")) == (3, "run_failed", "nothing_fetched")
    assert no_failure == {75}


def test_github_actions(tmp_path: Path, api: SampleApi) -> None:
    workflow = yaml.safe_load((RECIPES / "github-actions.yml").read_text("utf-8"))
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}, (
        "YAML 1.1 reads the word `on` as true"
    )
    job = workflow["jobs"]["run"]
    (kept,) = {step["with"]["path"] for step in job["steps"] if "cache" in step.get("uses", "")}
    secrets = {
        "LLM_STATS_API_KEY": SAMPLE_KEY,
        "LLM_STATS_WEBHOOK_URL": "http://127.0.0.1:1/",
    }  # an unreachable webhook does not fail the run
    environment = {
        name: re.sub(r"\$\{\{ secrets\.(\w+) }}", lambda match: secrets[match[1]], text)
        for name, text in job["env"].items()
    }
    environment |= {
        "SOURCES__LLM_STATS__BASE_URL": api.base_url,
        "SOURCES__LLM_STATS__CONCURRENCY": "1",
    }  # one request at a time, so that the order is that of the plan
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    yesterday, today = tmp_path / "yesterday", tmp_path / "today"
    database = yesterday / environment["SOURCES__LLM_STATS__DATABASE"]
    database.parent.mkdir(parents=True)
    with FakeApi(daily_quota=6) as before:
        execute(demo_settings(before, database), all_models=True)
    today.mkdir()
    for command in (["-cf", "../cache.tar", kept], ["-xf", "../cache.tar"]):
        subprocess.run(["tar", *command], cwd=yesterday if "-cf" in command else today, check=True)
    steps = [step["run"] for step in job["steps"] if "run" in step and step["name"] != "Install"]
    for step in steps:  # with the shell options that GitHub uses for `run:`
        assert (
            subprocess.run(
                ["bash", "-e", "-c", step], cwd=today, env=environment, check=False
            ).returncode
            == 0
        )
    assert json.loads((today / "run.json").read_text())["kind"] == "deferred"
    assert not (today / "llm_stats.duckdb").is_symlink()
    assert count_models(today / "llm_stats.duckdb") == (14, 10), (
        "never fetched first: five records of today, and five of yesterday from the cache"
    )


def orchestrated(
    python: str, recipe: str, program: str, tmp_path: Path, api: SampleApi, **more: str
) -> Any:
    """Run a recipe with `support/programs/<program>.py`; return the JSON that it prints."""
    file = tmp_path / "recipes" / recipe
    file.parent.mkdir(exist_ok=True)
    file.write_text((RECIPES / recipe).read_text("utf-8").replace(FOLDER, str(tmp_path)))
    environment = (
        os.environ
        | {"LLM_STATS_API_KEY": SAMPLE_KEY, "SOURCES__LLM_STATS__BASE_URL": api.base_url}
        | more
    )
    done = subprocess.run(
        [python, str(PROGRAMS / f"{program}.py"), str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.ecosystem
@pytest.mark.timeout(600)
def test_dagster(tmp_path: Path, api: SampleApi) -> None:
    python = python_with(tmp_path, "dagster", str(ROOT))
    assert orchestrated(python, "dagster_job.py", "run_dagster", tmp_path, api) == [True, [5]]
    assert orchestrated(python, "dagster_job.py", "run_dagster", tmp_path, api) == [True, []], (
        "the quota is spent: run again tomorrow"
    )
    assert orchestrated(
        python, "dagster_job.py", "run_dagster", tmp_path, api, LLM_STATS_API_KEY=""
    ) == [False, []]


@pytest.mark.ecosystem
@pytest.mark.timeout(900)
def test_airflow(tmp_path: Path, api: SampleApi) -> None:
    python = python_with(tmp_path, "apache-airflow", str(ROOT))
    workdir = {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "recipes"),
    }
    subprocess.run(
        [python, "-m", "airflow", "db", "migrate"],
        env=os.environ | workdir,
        capture_output=True,
        check=True,
    )
    assert orchestrated(python, "airflow_dag.py", "run_airflow", tmp_path, api, **workdir) == [
        True,
        ["success"],
    ]
    assert orchestrated(python, "airflow_dag.py", "run_airflow", tmp_path, api, **workdir) == [
        False,
        ["skipped"],
    ], "run again tomorrow"
    assert orchestrated(
        python, "airflow_dag.py", "run_airflow", tmp_path, api, **workdir, LLM_STATS_API_KEY=""
    ) == [False, ["failed"]]
