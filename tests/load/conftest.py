"""Fixtures for tests of the dlt source."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import dlt
import pytest
from llm_stats.sample import SampleApi
from support.dlt_pipeline import pipeline_to, source_of


@pytest.fixture
def no_telemetry(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.fixture
def pipeline(workdir: Path) -> dlt.Pipeline:
    """Return a dlt pipeline that loads into the DuckDB file `plain.duckdb`."""
    destination = dlt.destinations.duckdb(str(workdir / "plain.duckdb"))
    return pipeline_to(workdir, destination)


@pytest.fixture
def loaded(
    build_once: Callable[[str, Callable[[Path], object]], Path], workdir: Path
) -> dlt.Pipeline:
    """Return a pipeline that has loaded `all_models` of the sample into `plain.duckdb`.

    The load is done once per session; the test gets a copy of the database and of dlt's folder.
    """

    def load(folder: Path) -> None:
        destination = dlt.destinations.duckdb(str(folder / "plain.duckdb"))
        with SampleApi() as api:
            pipeline_to(folder, destination).run(source_of(api, all_models=True))

    shutil.copytree(build_once("plain_dlt", load), workdir, dirs_exist_ok=True)
    return pipeline_to(workdir, dlt.destinations.duckdb(str(workdir / "plain.duckdb")))
