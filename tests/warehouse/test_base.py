"""`FetchState` of a published warehouse: times, stored versions, failing and unlisted models."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.schema.fetch import Validators
from llm_stats.transform import migrate
from llm_stats.warehouse.base import FetchState
from support.new_warehouse import new_warehouse
from support.older_versions import downgrade
from support.raw_tables import RawTables
from support.synthetic_catalog import synthetic_catalog

RECORDS = synthetic_catalog(12, providers=1, scores=1)
DAYS = [dt.datetime(2026, 11, day, tzinfo=dt.UTC) for day in range(1, 4)]


def test_state_of_the_current_and_of_an_older_schema_version(tmp_path: Path) -> None:
    """The last read of the catalog is later than the last request, and one model has left."""
    records = [RECORDS[0] | {"id": model_id} for model_id in "abc"]
    with new_warehouse(tmp_path / "w.duckdb") as raw:
        raw.read_catalog(records, DAYS[0], "1")
        raw.load(records, DAYS[0], "1")
        raw.apply()
        raw.fetch(["c"], DAYS[1], "failed", "2")
        raw.read_catalog(records[:2], DAYS[2], "3")
        raw.apply()
        execute = raw.connection.execute
        execute("update raw.models set etag = 'tag' where id = 'a'")
        execute("update raw.models set last_modified = 'yesterday' where id = 'b'")
        state = FetchState.read(DuckDBConnection(raw.connection))
        downgrade(execute, 4)
        older = FetchState.read(DuckDBConnection(raw.connection))
    assert state.last_attempted_at == DAYS[2]
    assert state.fetched_at == dict.fromkeys("abc", DAYS[0])
    assert state.failing_at == {"c": DAYS[1]}
    assert state.unlisted == {"c"}
    assert state.validators == {"a": Validators("tag", None), "b": Validators(None, "yesterday")}
    hashes = {model_id: record.summary_hash for model_id, record in state.records.items()}
    assert None not in hashes.values()
    assert {model_id: summary.content_hash for model_id, summary in state.summaries.items()} == (
        hashes
    )

    assert older.last_attempted_at == DAYS[1], "no read of the catalog is stored"
    assert older.fetched_at == state.fetched_at
    assert older.failing_at == state.failing_at
    assert [record.summary_hash for record in older.records.values()] == [None] * 3
    assert older.summaries == {}
    assert older.validators == {}
    assert older.unlisted == set()


def test_migration_deletes_the_validators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a 304, the new columns of a migration would stay null."""
    monkeypatch.setattr(migrate, "_migrations", dict)
    with new_warehouse(tmp_path / "w.duckdb") as raw:
        raw.load(RECORDS[:1], DAYS[0], "1")
        raw.connection.execute("update raw.models set etag = 'tag', last_modified = 'yesterday'")
        assert len(FetchState.read(DuckDBConnection(raw.connection)).validators) == 1
        raw.connection.execute("update history.schema_version set version = version - 1")
        assert migrate.migrate(DuckDBConnection(raw.connection))
        assert FetchState.read(DuckDBConnection(raw.connection)).validators == {}


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
