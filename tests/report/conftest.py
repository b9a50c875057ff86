"""Warehouses and pages that several modules read; each is made once for all test processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
import vl_convert
from llm_stats.report import data
from llm_stats.report.page import write
from llm_stats.warehouse.duckdb_reader import DuckDBReader, MaterializedReader
from llm_stats.warehouse.reader import Reader
from support.browser import Browser
from support.chromium import running_chromium
from support.connection_reader import ConnectionReader
from support.history_database import built, empty
from support.report_fixtures import CATALOGS, DAYS, load_days, warehouse

BuildOnce = Callable[[str, Callable[[Path], object]], Path]
PageOf = Callable[[str], Path]


@pytest.fixture(scope="session", autouse=True)
def _one_bundle(build_once: BuildOnce) -> Iterator[None]:
    """Bundle the chart library once for all test processes, because it takes two seconds."""
    bundle = vl_convert.javascript_bundle

    def bundle_once(script: str) -> str:
        def fill(folder: Path) -> None:
            (folder / "library.js").write_bytes(bundle(script).encode())

        return (build_once("chart library", fill) / "library.js").read_bytes().decode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vl_convert, "javascript_bundle", bundle_once)
        yield


@pytest.fixture(scope="session")
def built_report(build_once: BuildOnce) -> Callable[[str], Path]:
    """Return a function that returns a folder with a warehouse and its report page.

    `built_report("sample")` has `DAYS["sample"]` in `w.duckdb`, and its page in `report.html`.
    Tests must not change these files.
    """

    def build(name: str) -> Path:
        def fill(folder: Path) -> None:
            with DuckDBReader(warehouse(folder / "w.duckdb", *DAYS[name])) as reader:
                write(reader, folder / "report.html")

        return build_once(f"report of {name}", fill)

    return build


@pytest.fixture(scope="session")
def page_of(built_report: Callable[[str], Path], build_once: BuildOnce) -> PageOf:
    """Return a function that returns the path of a page: `page_of("all free")`.

    The name is a key of `DAYS` or `CATALOGS`.

    The pages of `CATALOGS` are made together, from one in-memory database.
    """

    def fill(folder: Path) -> None:
        with built() as raw:
            for name, catalog in CATALOGS.items():
                empty(raw)
                load_days(raw, catalog)
                write(cast(Reader, ConnectionReader(raw)), folder / f"{name}.html")

    def page(name: str) -> Path:
        if name in CATALOGS:
            return build_once("reports of catalogs", fill) / f"{name}.html"
        return built_report(name) / "report.html"

    return page


@pytest.fixture(scope="session")
def sample(built_report: Callable[[str], Path]) -> Path:
    """Return the warehouse of the sample catalogs of yesterday and today."""
    return built_report("sample") / "w.duckdb"


@pytest.fixture(scope="session")
def stored(sample: Path) -> Iterator[Reader]:
    """Yield a reader of the sample that has computed each mart once; it has no macros."""
    with MaterializedReader(sample) as reader:
        yield reader


@pytest.fixture(scope="session")
def shortened_page(build_once: BuildOnce, sample: Path) -> Path:
    """Return a page of the sample with at most 40 scores and prices."""

    def fill(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch, DuckDBReader(sample) as reader:
            patch.setattr(data, "_MAX_ROWS", 40)
            write(reader, folder / "report.html")

    return build_once("shortened report", fill) / "report.html"


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Yield a browser that all modules share: to start it takes longer than to open a page."""
    with running_chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield Browser(driver)


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Return the shared browser after clearing its logs."""
    chromium.clear_logs()
    return chromium


@pytest.fixture(scope="session")
def sample_page(page_of: PageOf) -> Path:
    return page_of("sample")


@pytest.fixture(scope="class")
def wide(chromium: Browser, sample_page: Path) -> Browser:
    """Return the browser with the page of the sample in a wide window.

    All tests of a class share the browser, so no test may depend on a choice of another test.
    """
    chromium.clear_logs()
    chromium.open(sample_page)
    return chromium
