"""Fixtures that several packages use: databases, the sample API, the command."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from llm_stats.cli import main
from llm_stats.sample import SAMPLE_KEY, SampleApi, today, yesterday
from support.command import Command, CommandResult
from support.raw_tables import RawTables

# Processes that a shell starts in the background ignore SIGINT, and so would their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

BuildOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each `ecosystem` test as slow, so that `-m "not slow"` leaves it out."""
    for item in items:
        if item.get_closest_marker("ecosystem"):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def _built_tables() -> Iterator[RawTables]:
    from support.history_database import built

    with built() as raw:
        yield raw


@pytest.fixture
def raw(_built_tables: RawTables) -> Iterator[RawTables]:
    """Yield an in-memory database with empty raw tables and everything under `sql/`."""
    from support.history_database import empty

    empty(_built_tables)
    with _built_tables.connection.cursor() as connection:
        yield RawTables(connection, is_defined=True)


@pytest.fixture(scope="session")
def build_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> BuildOnce:
    """Return a function that fills a folder once for all test processes and returns its path."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def build(name: str, fill: Callable[[Path], object]) -> Path:
        folder = shared / name
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                unfinished = tmp_path_factory.mktemp(name)
                fill(unfinished)
                unfinished.rename(folder)
        return folder

    return build


@pytest.fixture(scope="session")
def demo(build_once: BuildOnce) -> Path:
    """Return the database of `llm-stats demo`, which all tests share and must not change."""
    from llm_stats.sample.demo import run_demo

    return build_once("demo", lambda folder: run_demo(folder / "demo.duckdb")) / "demo.duckdb"


def _publish(folder: Path, *generations: list[dict[str, Any]]) -> None:
    """Publish `llm_stats.duckdb` in the folder by one run for each generation of records."""
    from llm_stats.pipeline.run import execute
    from llm_stats.sample.demo import demo_settings

    with SampleApi() as api:
        for records in generations:
            api.publish(records)
            execute(demo_settings(api, folder / "llm_stats.duckdb"), all_models=True)


@pytest.fixture
def one_model(build_once: BuildOnce, workdir: Path) -> Path:
    """Return `llm_stats.duckdb` in `workdir`, published by a run that fetched `murmur-1`."""
    records = [entry for entry in today() if entry["id"] == "murmur-1"]
    built = build_once("one_model", lambda folder: _publish(folder, records))
    shutil.copytree(built, workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"


@pytest.fixture
def two_days(build_once: BuildOnce, workdir: Path) -> Path:
    """Return `llm_stats.duckdb` in `workdir`, published by a run for each of two days."""
    built = build_once("two_days", lambda folder: _publish(folder, yesterday(), today()))
    shutil.copytree(built, workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working folder; the only setting in the environment is the sample key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    return tmp_path


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[SampleApi]:
    """Yield the sample API, with the `RECORDS` of the test module if it defines them."""
    with SampleApi(getattr(request.module, "RECORDS", None)) as sample_api:
        yield sample_api


@pytest.fixture
def llm_stats(
    workdir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Command:
    """Return the command, run in this process and in `workdir`: `llm_stats("show", "offers")`.

    If the test fails, pytest prints the standard error of each command.
    """

    def command(*arguments: object) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["llm-stats", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            main.main()
        printed = capsys.readouterr()
        section = f"$ {' '.join(sys.argv)[:500]}\n{printed.err}"
        section = section.encode(
            "utf-8", "backslashreplace"
        ).decode()  # xdist cannot send surrogates
        request.node.add_report_section("call", "standard error of the command", section)
        assert "Traceback" not in printed.err
        return CommandResult(int(exited.value.code or 0), printed.out, printed.err)

    return command


@pytest.fixture
def run(llm_stats: Command, api: SampleApi) -> Command:
    """Return `llm-stats run` against the sample API, without a rate limit."""
    return lambda *arguments: llm_stats(
        "run", "--base-url", api.base_url, "--requests-per-minute", 0, *arguments
    )


@pytest.fixture
def on_demo(llm_stats: Command, demo: Path) -> Command:
    """Return the command on the database of the demo: `on_demo("show", "offers")`."""
    return lambda *arguments: llm_stats(*arguments, "--database", demo)
