"""Warehouses and pages that several modules read; each is made once for all test processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from llm_stats.report import write
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.report_fixtures import DAYS, warehouse

BuildOnce = Callable[[str, Callable[[Path], object]], Path]
PageOf = Callable[[str], Path]


@pytest.fixture(scope="session")
def built_report(build_once: BuildOnce) -> Callable[[str], Path]:
    """Return a function that returns a folder with a warehouse of `DAYS` and its page.

    `built_report("all free")` contains `w.duckdb` and `report.html`. Tests must not change them.
    """

    def build(name: str) -> Path:
        def fill(folder: Path) -> None:
            with DuckDBReader(warehouse(folder / "w.duckdb", *DAYS[name])) as reader:
                write(reader, folder / "report.html")

        return build_once(f"report of {name}", fill)

    return build


@pytest.fixture(scope="session")
def page_of(built_report: Callable[[str], Path]) -> PageOf:
    """Return a function that returns the page of a warehouse: `page_of("all free")`."""
    return lambda name: built_report(name) / "report.html"


@pytest.fixture(scope="session")
def sample(built_report: Callable[[str], Path]) -> Path:
    """Return the warehouse of the sample catalogs of yesterday and today."""
    return built_report("sample") / "w.duckdb"
