"""Migration 5: a warehouse without tables of the catalog keeps its history and its marts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
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


@pytest.fixture
def current(tmp_path: Path) -> Iterator[RawTables]:
    """Yield a warehouse of the current schema version with two loads."""
    with new_warehouse(tmp_path / "w.duckdb") as raw:
        for day in (1, 2):
            raw.load(_records(day), _DAYS[day - 1])
            raw.apply()
        yield raw


def _migrate_from_4(connection: duckdb.DuckDBPyConnection) -> None:
    downgrade(connection.execute, 4)
    migrate(DuckDBConnection(connection))
    RawTables(connection).apply()


def _contents(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return the rows of the marts and of the history, without ages and row hashes."""
    contents = {}
    for relation in (*_MARTS, *_HISTORY):
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


def test_marts_and_history_stay_the_same(current: RawTables) -> None:
    before = _contents(current.connection)
    assert before["marts.price_changes"]
    assert before["marts.score_changes"]
    _migrate_from_4(current.connection)
    assert _contents(current.connection) == before


def test_catalog_equal_to_the_records_is_not_a_change(current: RawTables) -> None:
    before = _contents(current.connection)
    _migrate_from_4(current.connection)
    current.read_catalog(_records(2), _DAYS[2])
    current.apply()
    after = _contents(current.connection)
    for mart in ("offers", "scores", "price_changes", "score_changes", "data_quality"):
        assert after[f"marts.{mart}"] == before[f"marts.{mart}"]
    assert current.connection.execute(
        "select model_id, is_listed, listed_at from marts.models order by model_id"
    ).fetchall() == [("m", True, _DAYS[2]), ("n", True, _DAYS[2])]
