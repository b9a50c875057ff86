"""The working copy: what it is made of, and that it does not grow without bound."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats.demo import run_demo
from llm_stats.working_copy import WorkingCopy


def everything(database: Path) -> dict[str, Any]:
    """Every row, view, macro, comment and constraint of a file, but for what tells the time."""
    with duckdb.connect(database, read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        found = {f"{schema}.{table}": connection.execute(f"from {schema}.{table} order by all").fetchall() for schema, table in tables}
        for catalog in (
            "select schema_name, view_name, comment from duckdb_views() where not internal order by all",
            "select * exclude (database_oid, table_oid, schema_oid) from duckdb_columns() where not internal order by all",
            "select function_name, parameters, comment from duckdb_functions() where schema_name = 'marts' order by all",
        ):
            found[catalog] = connection.execute(catalog).fetchall()
        return found


def test_a_compacted_file_holds_the_same_in_less_room(tmp_path: Path, demo: Path) -> None:
    copy = WorkingCopy(tmp_path)
    copy.path.write_bytes(demo.read_bytes())
    with duckdb.connect(copy.path) as connection:
        connection.execute("create table room as select range as x, random() as y from range(200000)")
        connection.execute("drop table room")
    before, size = everything(copy.path), copy.path.stat().st_size
    copy.compact()
    assert everything(copy.path) == before
    assert copy.path.stat().st_size < 0.6 * size
    assert [file.name for file in tmp_path.iterdir() if file.name == "roomy"] == []
    inode = copy.path.stat().st_ino
    copy.compact()
    assert copy.path.stat().st_ino == inode, "a compact file is left alone"


def test_a_file_that_old_drivers_could_not_open_is_written_anew(tmp_path: Path) -> None:
    copy = WorkingCopy(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy.path}' as new (storage_version 'v2.0.0'); create table new.t as select 1 as x")
    copy.compact()
    with duckdb.connect(copy.path, read_only=True) as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
        storage = "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
        assert connection.execute(storage).fetchall() == [("v1.4.0+",)]


@pytest.mark.timeout(900)
def test_a_file_does_not_grow_with_runs(tmp_path: Path, demo: Path) -> None:
    runs = 200 if "LLM_STATS_STRESS" in os.environ else 3
    shutil.copyfile(demo, tmp_path / "w.duckdb")
    sizes = [demo.stat().st_size]
    sizes += [run_demo(tmp_path / "w.duckdb").database.stat().st_size for _ in range(runs)]
    assert max(sizes) <= 1.5 * sizes[0]
