"""Fixtures of several test packages: databases, the sample API, `llm-stats` commands."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import resource
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from llm_stats.cli import main
from llm_stats.fetch.cache import ResponseCache
from llm_stats.sample import SAMPLE_KEY, SampleApi, today
from llm_stats.text import pluralize
from support.command import Command, CommandResult
from support.raw_tables import RawTables
from support.time_limit import (  # noqa: F401  pytest calls these hooks
    pytest_configure,
    pytest_exception_interact,
    pytest_runtest_protocol,
    pytest_timeout_set_timer,
    pytest_unconfigure,
)

# A process ignores SIGINT if a shell starts it in the background, and SIGHUP if `nohup` starts it.
# Without these lines, the processes that the tests start would ignore these signals too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Collecting the tests creates many objects. With the default thresholds, garbage collection would
# take a third of the time.
gc.set_threshold(100_000, 50, 100)

BuildOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the marker `slow` to tests with other tools, such as Airflow."""
    for item in items:
        if item.get_closest_marker("ecosystem") or item.get_closest_marker("superset"):
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests were skipped for each reason, for example because of a missing tool."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.write_line(f"{reason} ({pluralize(count, 'test')})")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Let DuckDB use one thread in this process, because the test processes share two cores."""
    connect = duckdb.connect

    def connect_with_one_thread(
        database: str | Path = ":memory:",
        read_only: bool = False,
        config: dict[str, Any] | None = None,
    ) -> duckdb.DuckDBPyConnection:
        return connect(database, read_only, {"threads": 1} | (config or {}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect_with_one_thread)
        yield


@pytest.fixture(scope="session", autouse=True)
def _new_files_have_views(build_once: BuildOnce) -> Iterator[None]:
    """Create new databases in this process as copies of a file that has all views.

    Creating the views takes most of the time of the first run on a database. The databases of
    `support.new_warehouse` and `support.history_database` are copies of the same file.
    """
    from llm_stats.warehouse.working_copy import DuckDBWorkingCopy

    def fill(folder: Path) -> None:
        copy = DuckDBWorkingCopy(folder)
        copy.create()
        copy.create_views()
        copy.close()

    template = DuckDBWorkingCopy(build_once("with_views", fill)).path
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            DuckDBWorkingCopy, "create", lambda copy: shutil.copyfile(template, copy.path)
        )
        patch.setattr("support.new_warehouse.empty_file", lambda: template)
        yield


@pytest.fixture(scope="session")
def built_tables(_new_files_have_views: None) -> Iterator[RawTables]:
    """Yield the database that the fixture `raw` empties for each test."""
    from support.history_database import built

    with built() as raw:
        yield raw


@pytest.fixture
def raw(built_tables: RawTables) -> RawTables:
    """Return an in-memory database with empty raw tables and everything under `sql/`."""
    from support.history_database import empty

    empty(built_tables)
    return built_tables


@pytest.fixture(scope="session")
def build_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> BuildOnce:
    """Return a function that fills a folder once for all test processes.

    `build_once("demo", fill)` returns the path of a folder. Only the first call with the name
    `demo`, in any process, calls `fill(folder)`.
    """
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


def _run_demo(folder: Path) -> None:
    """Run `llm-stats demo` in the folder and write its output to `demo.txt`.

    The environment contains a budget and a key with which the demo would fail; it must ignore them.
    """
    from llm_stats.cli.run import demo

    output = (folder / "demo.txt").open("w")
    with pytest.MonkeyPatch.context() as patch, output, contextlib.redirect_stdout(output):
        patch.chdir(folder)
        patch.setenv("SOURCES__LLM_STATS__MAX_REQUESTS", "1")
        patch.setenv("LLM_STATS_API_KEY", "another")
        assert demo.main([], standalone_mode=False) == 0


@pytest.fixture(scope="session")
def built_demo(build_once: BuildOnce) -> Path:
    """Return a folder with a database of two runs. Tests use a copy: the fixture `two_days`."""
    from llm_stats.sample.demo import run_demo

    return build_once("built_demo", lambda folder: run_demo(folder / "llm_stats.duckdb"))


@pytest.fixture(scope="session")
def demo(build_once: BuildOnce) -> Path:
    """Return the path of the demo database. All tests share it and must not change it.

    Next to it is `demo.txt`, the output of `llm-stats demo`.
    """
    return build_once("demo", _run_demo) / "llm_stats_demo.duckdb"


@pytest.fixture
def two_days(built_demo: Path, workdir: Path) -> Path:
    """Return the path of a database in `workdir`, published by two runs: yesterday and today."""
    shutil.copytree(built_demo, workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"


@pytest.fixture
def one_model(build_once: BuildOnce, workdir: Path) -> Path:
    """Return the path of a database in `workdir`, published by a run with one model: `murmur-1`."""
    from llm_stats.pipeline.run import execute
    from llm_stats.sample.demo import demo_settings

    def fill(folder: Path) -> None:
        with SampleApi(entry for entry in today() if entry["id"] == "murmur-1") as api:
            execute(demo_settings(api, folder / "llm_stats.duckdb"), all_models=True)

    shutil.copytree(build_once("one_model", fill), workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder and return it; set `LLM_STATS_API_KEY` to the sample key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    return tmp_path


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs and `status` in this process skip the checks, and runs keep the table macros.

    The macros can still be called, because they and `history.snapshot` keep the same earlier id.
    Checks and new macros take a third of a run's time. Other processes are not affected.
    """
    from llm_stats.transform.checks import Scope

    monkeypatch.setattr("llm_stats.warehouse.working_copy.due_scope", lambda *_: Scope.NONE)
    monkeypatch.setattr("llm_stats.transform.apply.guard_macros", lambda *_: None)
    monkeypatch.setattr("llm_stats.queries.status._run_checks", lambda _: {"findings": []})


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[SampleApi]:
    """Yield a sample API that serves `RECORDS` of the test module, if defined there."""
    with SampleApi(getattr(request.module, "RECORDS", None)) as sample_api:
        yield sample_api


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list of the delays of the sample APIs, in seconds.

    A delay is added to the list when it begins.
    """
    begun: list[float] = []
    pause = SampleApi.pause

    def record(api: SampleApi, seconds: float) -> None:
        begun.append(seconds)
        pause(api, seconds)

    monkeypatch.setattr(SampleApi, "pause", record)
    return begun


@pytest.fixture
def llm_stats(
    workdir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Command:
    """Return a function that runs a command in this process: `llm_stats("show", "offers")`.

    The working folder is `workdir`. If the test fails, pytest prints the standard error of each
    command.
    """

    def command(*arguments: object) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["llm-stats", *map(str, arguments)])
        memory = resource.getrlimit(resource.RLIMIT_AS)
        with pytest.raises(SystemExit) as exited:
            main.main()
        resource.setrlimit(resource.RLIMIT_AS, memory)  # `sql` limits the memory of its process
        printed = capsys.readouterr()
        section = f"$ {' '.join(sys.argv)[:500]}\n{printed.err}"
        section = section.encode(
            "utf-8", "backslashreplace"
        ).decode()  # xdist cannot send surrogate characters
        request.node.add_report_section("call", "standard error of the command", section)
        assert "Traceback" not in printed.err
        return CommandResult(int(exited.value.code or 0), printed.out, printed.err)

    return command


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    """Yield a response cache with a TTL of one hour."""
    with ResponseCache(tmp_path / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        yield cache


@pytest.fixture
def run(llm_stats: Command, api: SampleApi) -> Command:
    """Return a function that runs `llm-stats run` against the sample API, without a rate limit."""
    return lambda *arguments: llm_stats(
        "run", "--base-url", api.base_url, "--requests-per-minute", 0, *arguments
    )


@pytest.fixture
def on_demo(llm_stats: Command, demo: Path) -> Command:
    """Return a function that runs a command on the demo database: `on_demo("show", "offers")`."""
    return lambda *arguments: llm_stats(*arguments, "--database", demo)
