"""Migration 6: unreadable dates, times and counts become null."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.transform.migrate import migrate
from support.new_warehouse import new_warehouse
from support.older_versions import downgrade
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

pytestmark = pytest.mark.slow

_DAYS = [dt.datetime.fromisoformat(f"2026-01-0{day}") for day in (1, 2)]
_ROWS = (
    "select * from marts.offers order by all",
    "select * from marts.models order by all",
    "select * from marts.scores order by all",
    "select * exclude (row_hash) from history.offers order by all",
    "select * exclude (row_hash) from history.scores order by all",
)


def test_unreadable_values_load_after_the_migration(tmp_path: Path) -> None:
    record = make_record("m", providers=[make_offer("p", 1, 2)], scores=[make_score("x", 0.5)])
    unreadable = record | {
        "updated_at": 1735689600,
        "providers": [make_offer("p", 3, 2)],
        "scores": [make_score("x", 0.5, scored_at="2025")],
    }
    with new_warehouse(tmp_path / "w.duckdb") as raw:
        raw.load([record], _DAYS[0])
        raw.apply()
        before = [raw.connection.execute(query).fetchall() for query in _ROWS]
        downgrade(raw.connection.execute, 5)
        assert migrate(DuckDBConnection(raw.connection))
        migrated = RawTables(raw.connection)
        migrated.apply()
        assert [raw.connection.execute(query).fetchall() for query in _ROWS] == before
        migrated.read_catalog([unreadable], _DAYS[1])
        migrated.load([unreadable], _DAYS[1])
        migrated.apply()
        findings = "select detail from marts.data_quality where rule = 'unreadable_value'"
        assert sorted(raw.connection.execute(findings).fetchall()) == [
            ('benchmark x: unreadable scored_at: "2025"',),
            ('record: unreadable updated_at: "1735689600"',),
        ]
        changes = "select new_input_usd_per_mtok from marts.price_changes"
        assert raw.connection.execute(changes).fetchall() == [(3.0,)]
        assert raw.connection.execute("select * from marts.score_changes").fetchall() == []
