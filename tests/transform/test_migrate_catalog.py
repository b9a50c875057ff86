"""Migration 5: a warehouse without tables of the catalog keeps its history and its marts."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.transform.files import files_in
from llm_stats.transform.migrate import migrate
from support.new_warehouse import new_warehouse
from support.older_versions import downgrade
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

pytestmark = pytest.mark.slow

_DAYS = [dt.datetime.fromisoformat(f"2026-01-0{day}") for day in (1, 2, 3)]
_MARTS = [file.address for file in files_in("marts")]
_HISTORY = ["history.offers", "history.scores", "history.models"]


def _records(day: int) -> list[dict[str, Any]]:
    """Return two models. On day 2, `m` has changed, and `n` has one more offer and score."""
    return [
        make_record("m", providers=[make_offer("p", day, 1)], scores=[make_score("x", day / 4)]),
        make_record(
            "n",
            providers=[make_offer("p", 1, 1), make_offer("q", 1, 1)][:day],
            scores=[make_score("x", 0.5), make_score("y", 0.5)][:day],
        ),
    ]


Contents = dict[str, set[str]]


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Contents]:
    """Return a warehouse that was migrated from version 4, and its contents before.

    The warehouse has two loads.
    """
    file = tmp_path_factory.mktemp("migrated") / "w.duckdb"
    with new_warehouse(file) as raw:
        for day in (1, 2):
            raw.load(_records(day), _DAYS[day - 1])
            raw.apply()
        before = _contents(raw.connection, (*_MARTS, *_HISTORY))
        downgrade(raw.connection.execute, 4)
        migrate(DuckDBConnection(raw.connection))
        RawTables(raw.connection).apply()
    return file, before


@pytest.fixture
def before(migrated_file: tuple[Path, Contents]) -> Contents:
    """Return the contents of the warehouse before the migration."""
    return migrated_file[1]


@pytest.fixture
def migrated(migrated_file: tuple[Path, Contents], tmp_path: Path) -> Iterator[RawTables]:
    """Yield a copy of the migrated warehouse."""
    with duckdb.connect(shutil.copy(migrated_file[0], tmp_path)) as connection:
        yield RawTables(connection, is_defined=True)


def _contents(connection: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> Contents:
    """Return the rows of relations, without ages and row hashes."""
    contents = {}
    for relation in relations:
        cursor = connection.execute(f"from {relation}")
        names = [column[0] for column in cursor.description or ()]
        contents[relation] = {
            repr(
                [
                    value
                    for name, value in zip(names, row, strict=True)
                    if name not in ("age_hours", "row_hash")
                ]
            )
            for row in cursor.fetchall()
        }
    return contents


def test_marts_and_history_stay_the_same(migrated: RawTables, before: Contents) -> None:
    assert before["marts.price_changes"]
    assert before["marts.score_changes"]
    assert _contents(migrated.connection, before) == before


def test_catalog_equal_to_the_records_is_not_a_change(
    migrated: RawTables, before: Contents
) -> None:
    migrated.read_catalog(_records(2), _DAYS[2])
    migrated.apply()
    names = ("offers", "scores", "price_changes", "score_changes", "data_quality")
    after = _contents(migrated.connection, [f"marts.{name}" for name in names])
    for mart, rows in after.items():
        assert rows == before[mart], mart
    assert migrated.connection.execute(
        "select model_id, is_listed, listed_at from marts.models order by model_id"
    ).fetchall() == [("m", True, _DAYS[2]), ("n", True, _DAYS[2])]
