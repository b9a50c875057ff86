"""Fixtures: PostgreSQL databases on a server that all tests share; a destination on DuckDB."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from llm_stats.transform.checks import Scope
from support import postgres_server
from support.duckdb_engine import DuckDBEngine
from support.postgres_server import SECRET, address

_numbers = itertools.count()


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    with postgres_server.running() as port:
        postgres_server.execute_sql(
            address(port, "postgres", postgres_server.PASSWORD),
            f"create role batch login password '{SECRET}'",
        )
        yield port


@pytest.fixture(scope="session")
def new_database(port: int) -> Callable[[], str]:
    """Return a function that creates an empty database and returns its URL.

    The role `batch` owns the database.
    """

    def create() -> str:
        name = f"warehouse_{next(_numbers)}"
        postgres_server.execute_sql(
            address(port, "postgres", postgres_server.PASSWORD),
            f"create database {name} owner batch",
        )
        return address(port, database=name)

    return create


@pytest.fixture(scope="session")
def copy_warehouse(
    port: int, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Return a function that creates a warehouse database and returns its URL.

    Each new database is a copy of a template that one run has filled from the sample API.
    """
    template = new_database()
    with SampleApi() as api, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DESTINATION__POSTGRES__CREDENTIALS", template)
        settings = demo_settings(api, tmp_path_factory.mktemp("template") / "w.duckdb")
        execute(settings.model_copy(update={"destination": "postgres"}), all_models=True)

    def copy() -> str:
        name = f"warehouse_{next(_numbers)}"
        postgres_server.execute_sql(
            address(port, "postgres", postgres_server.PASSWORD),
            f"create database {name} owner batch template {template.rpartition('/')[2]}",
        )
        return address(port, database=name)

    return copy


@pytest.fixture
def unchecked(unchecked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs on other engines skip the checks too."""
    monkeypatch.setattr("llm_stats.destinations.warehouse.due_scope", lambda *_: Scope.NONE)


@pytest.fixture
def postgres(new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Create an empty database and make it the destination of runs; return its URL."""
    return _as_destination(new_database(), monkeypatch)


@pytest.fixture
def warehouse(copy_warehouse: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Create a database filled by one run; make it the destination of runs; return its URL."""
    return _as_destination(copy_warehouse(), monkeypatch)


def _as_destination(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    return url


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "engine.duckdb")
