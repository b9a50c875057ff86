"""Warehouse migrated from version 3, without a catalog: history and marts stay the same."""

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
    """Return two models. On day 2, `m` has changed, and `n` has one more offer and score.

    The input price of the first offer of `n` is 0.2 on both days.
    """
    return [
        make_record("m", providers=[make_offer("p", day, 1)], scores=[make_score("x", day / 4)]),
        make_record(
            "n",
            providers=[make_offer("p", 0.2, 1), make_offer("q", 1, 1)][:day],
            scores=[make_score("x", 0.5), make_score("y", 0.5)][:day],
        ),
    ]


Contents = dict[str, set[str]]


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Contents]:
    """Return a warehouse of two loads after its migration, and its contents before the downgrade.

    Before the migration, a price is not rounded. Between the migration and the next update of the
    history, the row hashes are those of other definitions.
    """
    file = tmp_path_factory.mktemp("migrated") / "w.duckdb"
    with new_warehouse(file) as raw:
        for day in (1, 2):
            raw.load(_records(day), _DAYS[day - 1])
            raw.apply()
        before = _contents(raw.connection, (*_MARTS, *_HISTORY))
        downgrade(raw.connection.execute, 3)
        raw.connection.execute(
            "update history.offers set input_usd_per_mtok = 0.19999999999999998 "
            "where input_usd_per_mtok = 0.2"
        )
        assert migrate(DuckDBConnection(raw.connection))
        for table in ("offers", "scores"):
            raw.connection.execute(f"update history.{table} set row_hash = 'older'")
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
    """Return the rows of relations, without ages."""
    contents = {}
    for relation in relations:
        cursor = connection.execute(f"from {relation}")
        names = [column[0] for column in cursor.description or ()]
        contents[relation] = {
            repr([value for name, value in zip(names, row, strict=True) if name != "age_hours"])
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


def test_unreadable_values_load_after_the_migration(migrated: RawTables) -> None:
    changed, unchanged = _records(2)
    changed |= {
        "updated_at": 1735689600,
        "providers": [make_offer("p", 3, 1)],
        "scores": [make_score("x", 0.5, scored_at="2025")],
    }
    migrated.read_catalog([changed, unchanged], _DAYS[2])
    migrated.load([changed], _DAYS[2])
    migrated.apply()
    connection = migrated.connection
    findings = "select detail from marts.data_quality where rule = 'unreadable_value'"
    assert sorted(connection.execute(findings).fetchall()) == [
        ('benchmark x: unreadable scored_at: "2025"',),
        ('record: unreadable updated_at: "1735689600"',),
    ]
    prices = "select new_input_usd_per_mtok from marts.price_changes where changed_at = ?"
    assert connection.execute(prices, [_DAYS[2]]).fetchall() == [(3.0,)]
    scores = "select * from marts.score_changes where changed_at = ?"
    assert connection.execute(scores, [_DAYS[2]]).fetchall() == []
