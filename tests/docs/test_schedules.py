"""The recipes under `docs/schedules`, run with another folder and the address of a sample API."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from fake_api.server import FakeApi
from llm_stats.pipeline.run import execute
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.demo import demo_settings
from support.recipes import BARE, FOLDER, RECIPES, price_watch
from support.virtualenvs import ROOT

pytestmark = pytest.mark.ecosystem


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


def test_price_watch_of_github_actions() -> None:
    """The `${{ … }}` expression is compared as text, because only GitHub can evaluate it."""
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
