"""Merging a load into the raw tables: whole models, and only those in the load; and dlt's own tables."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from llm_stats.sample import SAMPLE_KEY
from llm_stats.schema.tables import DLT_TABLES, TABLES
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

DAY = dt.datetime(2026, 1, 1)  # noqa: DTZ001  every stored time is UTC without a zone
LATER = DAY + dt.timedelta(days=1)


def rows(raw: RawTables, query: str) -> list[tuple[Any, ...]]:
    return raw.connection.execute(query).fetchall()


@pytest.fixture
def loaded(raw: RawTables) -> RawTables:
    raw.load(
        [make_record(name, providers=[make_offer("p", 1, 2), make_offer("q", 3, 4)], scores=[make_score("b", 0.5)]) for name in ("m", "n")],
        DAY,
        "1",
    )
    return raw


def test_a_model_that_came_replaces_the_one_that_was_there_and_only_that(loaded: RawTables) -> None:
    loaded.load([make_record("m", providers=[make_offer("q", 3, None)])], LATER, "2")
    assert rows(loaded, "select id, fetched_at, _dlt_load_id from raw.models order by id") == [("m", LATER, "2"), ("n", DAY, "1")]
    offers = "select model_id, provider_id, output_price_per_m, _dlt_list_idx from raw.models__providers order by all"
    assert rows(loaded, offers) == [("m", "q", None, 0), ("n", "p", 2, 0), ("n", "q", 4, 1)]
    assert rows(loaded, "select model_id from raw.models__scores") == [("n",)]
    assert rows(loaded, "select _dlt_load_id, model_id from raw.fetches order by all") == [("1", "m"), ("1", "n"), ("2", "m")]


def test_the_lists_of_a_record_that_is_the_same_to_the_letter_are_not_written_again(loaded: RawTables) -> None:
    before = rows(loaded, "select rowid, * from raw.models__providers where model_id = 'n' order by rowid")
    same = make_record("n", providers=[make_offer("p", 1, 2), make_offer("q", 3, 4)], scores=[make_score("b", 0.5)])
    loaded.load([make_record("m"), same], LATER, "2")
    assert rows(loaded, "select rowid, * from raw.models__providers order by rowid") == before
    assert rows(loaded, "select distinct fetched_at from raw.models") == [(LATER,)]


def test_a_model_that_did_not_load_leaves_only_a_fetch(loaded: RawTables) -> None:
    loaded.fetch(["m", "x"], LATER, "failed", "2")
    assert rows(loaded, "select count(*), max(fetched_at) from raw.models") == [(2, DAY)]
    assert rows(loaded, "select model_id, outcome from raw.fetches where _dlt_load_id = '2' order by all") == [
        ("m", "failed"),
        ("x", "failed"),
    ]


class TestPublishedFileInDlt:
    """The demo's file, which two runs have published, opened with dlt."""

    @pytest.fixture
    def published(self, demo: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A copy, because dlt keeps its connections open."""
        monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        monkeypatch.setenv("RUNTIME__LOG_LEVEL", "WARNING")
        return Path(shutil.copy(demo, workdir / "llm_stats.duckdb"))

    def query(self, published: Path, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(published, read_only=True) as connection:
            return connection.execute(statement).fetchall()

    def test_is_a_dataset_of_every_raw_table(self, published: Path) -> None:
        expected = {table: self.query(published, f"select count(*) from raw.{table}")[0][0] for table in TABLES | DLT_TABLES}
        dataset = dlt.dataset(dlt.destinations.duckdb({"database": str(published), "read_only": True}), "raw")
        assert {table: len(dataset[table].fetchall()) for table in dataset.schema.tables} == expected

    def test_every_column_is_in_the_dataset(self, published: Path) -> None:
        dataset = dlt.dataset(dlt.destinations.duckdb({"database": str(published), "read_only": True}), "raw")
        for table, columns in (TABLES | DLT_TABLES).items():
            assert dataset.schema.tables[table]["columns"].keys() == {column.name for column in columns}

    def test_can_be_attached(self, published: Path, workdir: Path, caplog: pytest.LogCaptureFixture) -> None:
        destination = dlt.destinations.duckdb({"database": str(published), "read_only": True})
        pipeline = dlt.attach("llm_stats", pipelines_dir=str(workdir / "dlt"), destination=destination, dataset_name="raw")
        assert pipeline.default_schema_name == "llm_stats"
        assert len(pipeline.dataset()["models"].fetchall()) == self.query(published, "select count(*) from raw.models")[0][0]
        assert caplog.messages == []

    def test_has_one_row_per_run(self, published: Path) -> None:
        loads = self.query(published, "select load_id, schema_name, status from raw._dlt_loads order by load_id")
        fetches = self.query(published, "select distinct _dlt_load_id from raw.fetches order by all")
        assert loads == [(load_id, "llm_stats", 0) for (load_id,) in fetches]
        assert len(loads) == 2

    def test_has_the_last_schema_and_state(self, published: Path) -> None:
        ((last,),) = self.query(published, "select max(load_id) from raw._dlt_loads")
        assert self.query(published, "select _dlt_load_id, pipeline_name from raw._dlt_pipeline_state") == [(last, "llm_stats")]
        assert self.query(published, "select schema_name from raw._dlt_version") == [("llm_stats",)]
        assert not self.query(published, f"select 1 from raw._dlt_version where contains(schema, {SAMPLE_KEY!r})")

    def test_times_are_utc_without_a_zone(self, published: Path) -> None:
        types = "select distinct data_type from duckdb_columns() where schema_name = 'raw' and data_type like 'TIMESTAMP%'"
        assert self.query(published, types) == [("TIMESTAMP",)]
        delays = "select epoch(inserted_at) - cast(load_id as double) from raw._dlt_loads"  # a load id is the seconds since 1970
        assert all(0 < delay < 600 for (delay,) in self.query(published, delays))
