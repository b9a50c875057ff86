"""Comparison of PostgreSQL with DuckDB: every view and table, every row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from llm_stats.table import Table
from llm_stats.warehouse.reader import Reader
from support import engine_comparison

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Reader, Reader]]:
    """Yield a reader of each engine. The runs skip the checks: a test compares their results."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DESTINATION__POSTGRES__CREDENTIALS", new_database())
        environment.setattr("llm_stats.pipeline.run._run_checks", lambda *_: None)
        with engine_comparison.both(
            tmp_path_factory.mktemp("both") / "llm_stats.duckdb", "postgres"
        ) as readers:
            yield readers


@pytest.fixture(scope="module")
def relations(both: tuple[Reader, Reader]) -> list[dict[str, Table]]:
    """Return the rows of all tables and views in DuckDB, and those in PostgreSQL."""
    return [engine_comparison.fetch_relations(reader) for reader in both]


def test_every_relation_is_equal(relations: list[dict[str, Table]]) -> None:
    engine_comparison.require_same_relations(*relations)


def test_rows_have_the_same_order(relations: list[dict[str, Table]]) -> None:
    engine_comparison.require_same_order(*relations)


def test_output_of_the_commands_is_equal(both: tuple[Reader, Reader]) -> None:
    engine_comparison.require_same_output(*both)
