"""Merge of a load: only the loaded models are replaced in the raw tables; dlt's tables are kept."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from llm_stats.sample import SAMPLE_KEY, yesterday
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
        [
            make_record(
                name,
                providers=[make_offer("p", 1, 2), make_offer("q", 3, 4)],
                scores=[make_score("b", 0.5)],
            )
            for name in ("m", "n")
        ],
        DAY,
        "1",
    )
    return raw


def test_loaded_model_replaces_only_its_own_rows(loaded: RawTables) -> None:
    loaded.load([make_record("m", providers=[make_offer("q", 3, None)])], LATER, "2")
    assert rows(loaded, "select id, fetched_at, _dlt_load_id from raw.models order by id") == [
        ("m", LATER, "2"),
        ("n", DAY, "1"),
    ]
    offers = (
        "select model_id, provider_id, output_price_per_m, _dlt_list_idx from "
        "raw.models__providers order by all"
    )
    assert rows(loaded, offers) == [("m", "q", None, 0), ("n", "p", 2, 0), ("n", "q", 4, 1)]
    assert rows(loaded, "select model_id from raw.models__scores") == [("n",)]
    assert rows(loaded, "select _dlt_load_id, model_id from raw.fetches order by all") == [
        ("1", "m"),
        ("1", "n"),
        ("2", "m"),
    ]


def test_child_rows_of_an_identical_record_are_not_rewritten(
    loaded: RawTables,
) -> None:
    before = rows(
        loaded, "select rowid, * from raw.models__providers where model_id = 'n' order by rowid"
    )
    same = make_record(
        "n", providers=[make_offer("p", 1, 2), make_offer("q", 3, 4)], scores=[make_score("b", 0.5)]
    )
    loaded.load([make_record("m"), same], LATER, "2")
    assert rows(loaded, "select rowid, * from raw.models__providers order by rowid") == before
    assert rows(loaded, "select distinct fetched_at from raw.models") == [(LATER,)]


def test_model_that_did_not_load_has_only_a_fetch_row(loaded: RawTables) -> None:
    loaded.fetch(["m", "x"], LATER, "failed", "2")
    assert rows(loaded, "select count(*), max(fetched_at) from raw.models") == [(2, DAY)]
    assert rows(
        loaded, "select model_id, outcome from raw.fetches where _dlt_load_id = '2' order by all"
    ) == [
        ("m", "failed"),
        ("x", "failed"),
    ]


def test_unmodified_model_gets_the_new_time_alone(loaded: RawTables) -> None:
    loaded.fetch(["m"], LATER, "not_modified", "2")
    assert rows(loaded, "select id, fetched_at, _dlt_load_id from raw.models order by id") == [
        ("m", LATER, "2"),
        ("n", DAY, "1"),
    ]


def read_only(published: Path) -> Any:
    """Return a read-only dlt destination, as in `docs/dlt.md`."""
    return dlt.destinations.duckdb({"database": str(published), "read_only": True})


class TestPublishedFileInDlt:
    """The demo database, published by two runs, opened with dlt."""

    @pytest.fixture
    def published(self, demo: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return the path of a copy of the demo database.

        Without a copy, dlt would keep connections open to the database that all tests share.
        """
        monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        return Path(shutil.copy(demo, workdir / "llm_stats.duckdb"))

    @pytest.fixture
    def dataset(self, published: Path) -> dlt.Dataset:
        return dlt.dataset(read_only(published), "raw")

    @pytest.fixture
    def connection(self, published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(published, read_only=True) as connection:
            yield connection

    def test_every_raw_table_is_in_the_dataset(
        self, dataset: dlt.Dataset, connection: duckdb.DuckDBPyConnection
    ) -> None:
        for table, columns in (TABLES | DLT_TABLES).items():
            count = connection.execute(f"select count(*) from raw.{table}").fetchall()[0][0]
            found = dataset.schema.tables[table]["columns"]
            assert found.keys() == {column.name for column in columns}, table
            assert len(dataset[table].fetchall()) == count, table

    def test_can_be_attached(
        self,
        published: Path,
        workdir: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.WARNING, "dlt")
        pipeline = dlt.attach(
            "llm_stats",
            pipelines_dir=str(workdir / "dlt"),
            destination=read_only(published),
            dataset_name="raw",
        )
        assert pipeline.default_schema_name == "llm_stats"
        assert len(pipeline.dataset()["models"].fetchall()) == len(yesterday())
        assert caplog.messages == []

    def test_has_one_row_per_run(self, connection: duckdb.DuckDBPyConnection) -> None:
        fetches = "select distinct _dlt_load_id, 'llm_stats', 0 from raw.fetches order by all"
        loads = "select load_id, schema_name, status from raw._dlt_loads order by all"
        expected = connection.execute(fetches).fetchall()
        assert len(expected) == 2
        assert connection.execute(loads).fetchall() == expected

    def test_has_the_last_schema_and_state(self, connection: duckdb.DuckDBPyConnection) -> None:
        ((last,),) = connection.execute("select max(load_id) from raw._dlt_loads").fetchall()
        states = "select pipeline_name, _dlt_load_id from raw._dlt_pipeline_state"
        assert connection.execute(states).fetchall() == [("llm_stats", last)]
        ((schema,),) = connection.execute("select schema from raw._dlt_version").fetchall()
        assert SAMPLE_KEY not in schema

    def test_times_are_utc_without_a_zone(self, connection: duckdb.DuckDBPyConnection) -> None:
        types = """
            select distinct data_type from duckdb_columns()
            where schema_name = 'raw' and starts_with(data_type, 'TIMESTAMP')
        """
        assert connection.execute(types).fetchall() == [("TIMESTAMP",)]
        # a load id is the Unix time at which a load starts, shortly before `inserted_at`
        delays = "select epoch(inserted_at) - cast(load_id as double) from raw._dlt_loads"
        assert all(0 < delay < 600 for (delay,) in connection.execute(delays).fetchall())
