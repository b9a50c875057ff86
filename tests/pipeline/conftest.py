"""Fixtures for tests of complete runs: databases published by an earlier run, short waits.

The fixtures copy a database that was built once per session. The records are those of
`support/twelve_models.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.fetch.client import Client
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from support.daily_runs import DailyRuns
from support.sample_requests import requested_ids
from support.twelve_models import IDS, RECORDS


@pytest.fixture
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits between the attempts of a request."""
    defaults = Client.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "backoff_seconds", 0.001)


@pytest.fixture
def twelve_models(
    build_once: Callable[[str, Callable[[Path], object]], Path], workdir: Path
) -> Path:
    """Return the path of a database in `workdir`, published by a run for twelve models.

    The run loaded `RECORDS`. A test can run `DailyRuns` on the database.
    """

    def fill(folder: Path) -> None:
        with SampleApi(RECORDS) as api:
            DailyRuns(api, folder / "llm_stats.duckdb").run()

    shutil.copytree(build_once("twelve_models", fill), workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"


@pytest.fixture
def one_failing(build_once: Callable[[str, Callable[[Path], object]], Path], workdir: Path) -> Path:
    """Return the path of a database in `workdir`, published by a run with a budget of six requests.

    The run was for all ids. It loaded `IDS[1:6]` and deferred `IDS[6:]`. The API returned an
    invalid record for `IDS[0]`.
    """

    def fill(folder: Path) -> None:
        bad = {IDS[0]: faults.changed(providers="none")}
        given = {"model_ids": IDS, "concurrency": 1, "max_requests": 6}
        with FakeApi(RECORDS, faults=bad) as api:
            execute(demo_settings(api, folder / "llm_stats.duckdb").model_copy(update=given))
        assert requested_ids(api) == IDS[:6]

    shutil.copytree(build_once("one_failing", fill), workdir, symlinks=True, dirs_exist_ok=True)
    return workdir / "llm_stats.duckdb"
