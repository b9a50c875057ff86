"""Warehouses of older versions: runs migrate them and keep the history; readers reject them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.sample import SampleApi
from llm_stats.transform.files import files_in
from llm_stats.transform.migrate import SCHEMA_VERSION, migrate, schema_version
from support.command import Command
from support.history_database import built
from support.older_versions import downgrade

HISTORY = (
    (
        "select model_id, provider_id, offer_number, input_usd_per_mtok, valid_from, valid_to "
        "from history.offers order by all"
    ),
    (
        "select model_id, benchmark_id, score_number, score, valid_from, valid_to from "
        "history.scores order by all"
    ),
    "select model_id, offers_first_seen_at, scores_first_seen_at from history.models order by all",
)


@pytest.fixture
def older(two_days: Path) -> Path:
    """Return the path of a warehouse of schema version 2 with two runs and changed prices."""
    two_days.chmod(0o644)
    with duckdb.connect(two_days) as connection:
        downgrade(connection.execute, 2)
    return two_days


def history(database: Path) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(database, read_only=True) as connection:
        return [connection.execute(query).fetchall() for query in HISTORY]


def test_version_numbers_agree_with_the_files() -> None:
    assert max(int(file.path.stem) for file in files_in("migrations")) == SCHEMA_VERSION
    (file,) = (file for file in files_in("history") if file.path.stem == "schema_version")
    assert f"as select {SCHEMA_VERSION} as version" in file.text


@pytest.mark.slow
def test_readers_reject_an_older_version_with_a_hint(llm_stats: Command, older: Path) -> None:
    for command in (("show",), ("changes",), ("status",), ("check",), ("sql", "select 1")):
        done = llm_stats(*command)
        assert done.code == 2
        assert f"{older} has schema version 2" in done.err
        assert "run `llm-stats run` once" in done.err


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
def test_run_migrates_even_if_no_model_is_due_and_again_after_a_rollback(
    llm_stats: Command, older: Path, api: SampleApi, tmp_path: Path
) -> None:
    """No model is due in the first run; the run after the rollback loads a model."""
    migrated = tmp_path / "migrated.duckdb"
    migrated.write_bytes(older.read_bytes())
    with duckdb.connect(migrated) as connection:
        migrate(DuckDBConnection(connection))
    run = ("run", "murmur-1", "--base-url", api.base_url)
    done = llm_stats(*run, "--max-age", "7d")
    assert done.code == 0
    assert f"published {older}" in done.out
    assert_migrated(older, load_count=2)
    assert history(older) == history(migrated)
    assert llm_stats("show", "offers").code == 0
    assert "no model is due" in llm_stats(*run, "--max-age", "7d").out
    assert llm_stats("snapshots").code == 0
    assert llm_stats("rollback").code == 0
    assert f"{older} has schema version 2" in llm_stats("show").err
    assert llm_stats(*run).code == 0
    assert_migrated(older, load_count=3)
    assert history(older) == history(migrated)


def assert_migrated(database: Path, load_count: int) -> None:
    with duckdb.connect(database, read_only=True) as connection:
        assert schema_version(DuckDBConnection(connection)) == SCHEMA_VERSION
        columns = (
            "select column_name from duckdb_columns() where column_name in ('offer_no', 'score_no')"
        )
        assert connection.execute(columns).fetchall() == []
        loads = (
            "select (select count(distinct load_id) from staging.fetches), (select count(distinct "
            "load_id) from history.row_counts)"
        )
        assert connection.execute(loads).fetchall() == [(load_count, load_count)]


def test_empty_database_is_not_migrated() -> None:
    with duckdb.connect() as connection:
        migrate(DuckDBConnection(connection))
        assert schema_version(DuckDBConnection(connection)) is None


def test_migrated_tables_have_the_columns_of_new_tables() -> None:
    """Version 5 is the oldest version with tables of the catalog, which later migrations change."""
    columns = """
        select table_name, column_name, data_type, is_nullable from duckdb_columns()
        where schema_name in ('raw', 'history') order by all
    """
    with built() as raw:
        expected = raw.connection.execute(columns).fetchall()
        downgrade(raw.connection.execute, 5)
        assert migrate(DuckDBConnection(raw.connection))
        assert raw.connection.execute(columns).fetchall() == expected


def make_version(file: Path, version: str | None) -> Path:
    """Create a database that contains a schema version and nothing else."""
    column_type = "varchar" if version == "'two'" else "int"
    with duckdb.connect(file) as connection:
        connection.execute(
            f"create schema history; create table history.schema_version (version {column_type})"
        )
        if version:
            connection.execute(f"insert into history.schema_version values ({version})")
    return file


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1", "has schema version 1, which is too old to migrate (oldest: 2)"),
        ("'two'", "is a DuckDB database but not an llm-stats warehouse"),
        ("null", "is a DuckDB database but not an llm-stats warehouse"),
        (None, "is a DuckDB database but not an llm-stats warehouse"),
    ],
)
def test_readers_and_runs_reject_a_version_that_cannot_be_migrated(
    llm_stats: Command, workdir: Path, version: str | None, message: str
) -> None:
    make_version(workdir / "w.duckdb", version)
    for command in ("show", "snapshots", "run x"):
        done = llm_stats(*command.split(), "--database", "w.duckdb")
        assert done.code == 2, command
        assert message in done.err, command
    assert [path.name for path in workdir.iterdir()] == ["w.duckdb"]


def test_every_command_rejects_a_newer_version(llm_stats: Command, workdir: Path) -> None:
    make_version(workdir / "w.duckdb", "99")
    message = (
        f"has schema version 99, but this llm-stats supports at most {SCHEMA_VERSION}; "
        "upgrade llm-stats"
    )
    for command in (
        "show",
        "changes",
        "check",
        "status",
        "export out",
        "snapshots",
        "report",
        "run x",
    ):
        done = llm_stats(*command.split(), "--database", "w.duckdb")
        assert done.code == 2, command
        assert message in done.err, command
    assert [path.name for path in workdir.iterdir()] == ["w.duckdb"]
