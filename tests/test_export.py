"""The export: complete, explained, deterministic, and careful with what is already there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest
from conftest import Command


@pytest.fixture
def demo(llm_stats: Command, home: Path) -> Path:
    llm_stats("demo", "--database", "w.duckdb")
    return home / "w.duckdb"


def digests(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_every_mart_and_history_table_is_there_and_twice_the_same(llm_stats: Command, demo: Path, home: Path, form: str) -> None:
    for name in ("one", "two", "one"):
        assert llm_stats("export", name, "--format", form, "--database", demo).code == 0
    assert digests(home / "one") == digests(home / "two")
    manifest = json.loads((home / "one" / "manifest.json").read_text())
    with duckdb.connect(demo, read_only=True) as connection:
        names = connection.execute(
            """
            select schema_name || '.' || view_name from duckdb_views() where schema_name = 'marts'
            union all select schema_name || '.' || table_name from duckdb_tables() where schema_name = 'history'
            """
        ).fetchall()
        assert manifest["tables"].keys() == {name for (name,) in names}
        for name, table in manifest["tables"].items():
            counts = f"select (select count(*) from {name}), (select count(*) from '{home / 'one' / table['file']}')"
            assert set(connection.execute(counts).fetchall()[0]) == {table["rows"]}
            assert all(column["meaning"] for column in table["columns"]), name
        (load_id,) = connection.execute("select max(_dlt_load_id) from raw.models").fetchall()[0]
    assert manifest["load_id"] == load_id


def test_a_folder_that_holds_something_else_is_left_alone(llm_stats: Command, demo: Path, home: Path) -> None:
    (home / "mine").mkdir()
    (home / "mine" / "thesis.txt").write_text("x")
    done = llm_stats("export", "mine", "--database", demo)
    assert (done.code, "is no earlier export" in done.err) == (2, True)
    assert (home / "mine" / "thesis.txt").exists()
    done = llm_stats("export", "mine/thesis.txt/out", "--database", demo)
    assert (done.code, "cannot be written: Not a directory" in done.err) == (2, True)


def test_without_a_database_there_is_nothing_to_export(llm_stats: Command) -> None:
    assert "does not exist; make it with" in llm_stats("export", "out").err
