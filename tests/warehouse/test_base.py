"""`FetchState` of a published warehouse: which models are failing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
from llm_stats.connection import DuckDBConnection
from llm_stats.warehouse.base import FetchState
from support.raw_tables import RawTables
from support.synthetic_catalog import synthetic_catalog

RECORDS = synthetic_catalog(12, providers=1, scores=1)


def test_failing_models_failed_since_they_were_loaded(tmp_path: Path) -> None:
    moments = [dt.datetime(2026, 11, day, tzinfo=dt.UTC) for day in range(1, 6)]
    with duckdb.connect(tmp_path / "llm_stats.duckdb") as connection:
        raw = RawTables(connection)
        raw.fetch(["failed, then loaded"], moments[0], "failed")
        raw.fetch(["failed, then loaded", "twice"], moments[1], "rejected")
        raw.load(
            [
                RECORDS[0] | {"id": model_id}
                for model_id in ("failed, then loaded", "loaded, then twice", "once")
            ],
            moments[2],
        )
        raw.fetch(["loaded, then twice", "once"], moments[3], "failed")
        raw.fetch(["loaded, then twice", "twice"], moments[4], "not_found")
        raw.fetch(["never sent"], moments[3], "deferred")
        raw.fetch(["never sent", "once"], moments[4], "deferred")
        raw.apply()
        state = FetchState.read(DuckDBConnection(connection))
    assert state.failing_at == {
        "loaded, then twice": moments[4],
        "twice": moments[4],
        "once": moments[3],
    }
