"""Fixtures: a PostgreSQL server for the session, and databases in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from support import postgres_server
from support.postgres_server import SECRET, address

_numbers = itertools.count()


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    with postgres_server.running() as port:
        postgres_server.ask(
            address(port, "postgres", postgres_server.PASSWORD),
            f"create role batch login password '{SECRET}'",
        )
        yield port


@pytest.fixture(scope="session")
def new_database(port: int) -> Callable[[], str]:
    """Return a function that creates an empty database of the role `batch` and returns its URL."""

    def create() -> str:
        name = f"warehouse_{next(_numbers)}"
        postgres_server.ask(
            address(port, "postgres", postgres_server.PASSWORD),
            f"create database {name} owner batch",
        )
        return address(port, database=name)

    return create


@pytest.fixture
def postgres(new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of an empty database, which the settings name as the destination."""
    url = new_database()
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    return url
