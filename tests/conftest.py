"""Fixtures of several packages: databases, the sample API, the command."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_stats.cli import main
from llm_stats.sample import SAMPLE_KEY, SampleApi, today
from support.command import Command, CommandResult
from support.raw_tables import RawTables

# A shell that runs the tests in the background makes all their processes ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def _built_tables() -> Iterator[RawTables]:
    from support.history_database import built

    with built() as raw:
        yield raw


@pytest.fixture
def raw(_built_tables: RawTables) -> Iterator[RawTables]:
    """Yield empty raw tables in memory with everything under `sql/`, on a separate connection."""
    from support.history_database import empty

    empty(_built_tables)
    with _built_tables.connection.cursor() as connection:
        yield RawTables(connection, is_defined=True)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the database of `llm-stats demo`, which all tests share; do not write to it."""
    from llm_stats.sample.demo import run_demo

    return run_demo(tmp_path_factory.mktemp("demo") / "demo.duckdb").database


@pytest.fixture(scope="session")
def _run_of_one_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from llm_stats.pipeline.run import execute
    from llm_stats.sample.demo import demo_settings

    folder = tmp_path_factory.mktemp("one_model")
    with SampleApi([entry for entry in today() if entry["id"] == "murmur-1"]) as api:
        execute(demo_settings(api, folder / "llm_stats.duckdb"), all_models=True)
    return folder


@pytest.fixture
def one_model(_run_of_one_model: Path, workdir: Path) -> Path:
    """Return `llm_stats.duckdb` in `workdir`, as published by a run of `murmur-1`."""
    shutil.copytree(_run_of_one_model, workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working folder; the only setting in the environment is the sample key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    return tmp_path


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[SampleApi]:
    """Yield the sample API, with the `RECORDS` of the test module if there are any."""
    with SampleApi(getattr(request.module, "RECORDS", None)) as serving:
        yield serving


@pytest.fixture
def llm_stats(
    workdir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Return the command, run in this process and in `workdir`.

    `llm_stats("run", "aurora-large-1", "--base-url", api.base_url)`
    """

    def command(*arguments: object) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["llm-stats", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return CommandResult(int(ended.value.code or 0), printed.out, printed.err)

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
