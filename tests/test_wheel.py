"""The built wheel, installed in a new virtual environment and run outside the clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Command
from support.virtualenvs import ROOT, python_with

pytestmark = [pytest.mark.ecosystem, pytest.mark.timeout(600)]

Run = Callable[..., str]
METADATA = """
import importlib.metadata, json, pathlib, llm_stats
print(json.dumps({
    "metadata": [*importlib.metadata.metadata("llm-stats").items()],
    "package": str(pathlib.Path(llm_stats.__file__).parent),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the wheel that pip builds from the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder `bin` of a virtual environment with the wheel and its extra `report`."""
    return Path(python_with(tmp_path_factory.mktemp("environment"), f"{wheel}[report]")).parent


@pytest.fixture
def run(environment: Path, workdir: Path) -> Run:
    """Return a function that runs a program of the environment in an empty folder."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def call(program: str, *arguments: object) -> str:
        command = [str(environment / program), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=workdir, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_commands_print_the_same_as_in_a_clone(
    run: Run, llm_stats: Command, demo: Path, workdir: Path
) -> None:
    for command in (
        ("--version",),
        ("show", "--database", demo),
        ("show", "offers", "--database", demo, "--format", "csv"),
        ("sql", "from marts.cheapest_with('mmlu', 0)", "--database", demo, "--format", "json"),
        ("dbt-sources", "--database", demo),
        ("check", "--database", demo),
    ):
        assert run("llm-stats", *command) == llm_stats(*command).out, command


def test_files_are_the_same_as_in_a_clone(run: Run, llm_stats: Command, workdir: Path) -> None:
    run("llm-stats", "init")
    written = {file.name: file.read_bytes() for file in (workdir / ".dlt").iterdir()}
    assert written == {
        "config.toml": (ROOT / ".dlt" / "config.toml").read_bytes(),
        "secrets.toml": (ROOT / ".dlt" / "example.secrets.toml").read_bytes(),
    }


def test_demo_report_and_export_need_no_clone(run: Run, workdir: Path) -> None:
    assert "left the catalog" in run("llm-stats", "demo")
    database = ("--database", "llm_stats_demo.duckdb")
    assert run("llm-stats", "report", *database).startswith("wrote llm_stats_demo.html (")
    run("llm-stats", "export", "out", *database)
    assert (workdir / "out" / "marts" / "offers.parquet").exists()
    assert "llm_stats_demo.duckdb" in run("python", "-m", "llm_stats", "status", *database)


def test_wheel_runs_without_an_installation(wheel: Path, workdir: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "uv", "tool", "run", "--from", str(wheel), "llm-stats", "demo"],
        cwd=workdir,
        env=variables | {"UV_CACHE_DIR": str(workdir / "uv")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "6 models requested: 6 loaded" in done.stdout


def test_metadata_is_complete(run: Run, environment: Path) -> None:
    installed = json.loads(run("python", "-c", METADATA))
    assert Path(installed["package"]).is_relative_to(environment.parent)
    metadata: dict[str, list[str]] = {}
    for name, value in installed["metadata"]:
        metadata.setdefault(name, []).append(value)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert metadata["Summary"] == [project["description"]]
    assert metadata["Author"] == [author["name"] for author in project["authors"]]
    assert metadata["License-Expression"] == [project["license"]]
    assert metadata["License-File"] == project["license-files"]
    assert metadata["Requires-Python"] == [project["requires-python"]]
    assert metadata["Description-Content-Type"] == ["text/markdown"]
    assert sorted(metadata["Classifier"]) == sorted(project["classifiers"])
    assert metadata["Project-URL"] == [f"{k}, {v}" for k, v in project["urls"].items()]
    assert metadata["Provides-Extra"] == sorted(project["optional-dependencies"])
