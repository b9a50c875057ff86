"""The export: complete, explained, deterministic, and careful with what is already there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from llm_stats.transform.migrate import SCHEMA_VERSION
from support.command import Command


def digests(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("output_format", ["parquet", "csv"])
def test_every_mart_and_history_table_is_there_and_twice_the_same(
    llm_stats: Command, demo: Path, workdir: Path, output_format: str
) -> None:
    for name in ("one", "two", "one"):
        assert llm_stats("export", name, "--format", output_format, "--database", demo).code == 0
    assert digests(workdir / "one") == digests(workdir / "two")
    manifest = json.loads((workdir / "one" / "manifest.json").read_text())
    with duckdb.connect(demo, read_only=True) as connection:
        names = connection.execute(
            """
            select schema_name || '.' || view_name from duckdb_views() where schema_name = 'marts'
            union all select schema_name || '.' || table_name from duckdb_tables() where schema_name = 'history'
            """
        ).fetchall()
        assert manifest["tables"].keys() == {name for (name,) in names}
        for name, table in manifest["tables"].items():
            counts = f"select (select count(*) from {name}), (select count(*) from '{workdir / 'one' / table['file']}')"
            assert set(connection.execute(counts).fetchall()[0]) == {table["rows"]}
            assert all(column["meaning"] for column in table["columns"]), name
        (load_id,) = connection.execute("select max(_dlt_load_id) from raw.models").fetchall()[0]
    assert manifest["load_id"] == load_id
    assert digests(workdir / "one").keys() == {"manifest.json"} | {table["file"] for table in manifest["tables"].values()}


def test_a_folder_that_holds_something_else_is_left_alone(llm_stats: Command, demo: Path, workdir: Path) -> None:
    (workdir / "mine").mkdir()
    (workdir / "mine" / "thesis.txt").write_text("x")
    done = llm_stats("export", "mine", "--database", demo)
    assert (done.code, "is no earlier export" in done.err) == (2, True)
    assert (workdir / "mine" / "thesis.txt").exists()
    done = llm_stats("export", "mine/thesis.txt/out", "--database", demo)
    assert (done.code, "cannot be written: Not a directory" in done.err) == (2, True)


@pytest.mark.parametrize(
    "manifest", ['{"name": "of a web page"}', "[]", "no JSON", '{"load_id": "1", "format": "csv", "tables": {"a": 1}}']
)
def test_a_manifest_of_somebody_else_is_no_export(llm_stats: Command, demo: Path, workdir: Path, manifest: str) -> None:
    (workdir / "mine").mkdir()
    (workdir / "mine" / "manifest.json").write_text(manifest)
    done = llm_stats("export", "mine", "--database", demo)
    assert (done.code, "is no earlier export; name another folder" in done.err) == (2, True)
    assert (workdir / "mine" / "manifest.json").read_text() == manifest


def test_what_was_put_into_an_export_is_not_thrown_away(llm_stats: Command, demo: Path, workdir: Path) -> None:
    llm_stats("export", "out", "--database", demo)
    (workdir / "out" / "marts" / "notes.txt").write_text("x")
    done = llm_stats("export", "out", "--database", demo)
    assert (done.code, "is no earlier export (it holds marts/notes.txt)" in done.err) == (2, True)
    assert (workdir / "out" / "marts" / "notes.txt").exists()


def test_the_root_is_no_place_for_an_export(llm_stats: Command, demo: Path) -> None:
    done = llm_stats("export", "/", "--database", demo)
    assert (done.code, "/ is no place for an export" in done.err) == (2, True)


def test_a_view_that_reaches_for_another_file_cannot_be_exported(llm_stats: Command, demo: Path, workdir: Path) -> None:
    (workdir / "secret.csv").write_text("key\n1\n")
    with duckdb.connect(shutil.copyfile(demo, workdir / "w.duckdb")) as connection:
        connection.execute(f"create view marts.stolen as select * from read_csv('{workdir / 'secret.csv'}')")
    done = llm_stats("export", "it's out", "--database", "w.duckdb")
    assert (done.code, "Permission Error: Cannot access file" in done.err) == (2, True)
    assert not (workdir / "it's out").exists()


def test_without_a_database_there_is_nothing_to_export(llm_stats: Command) -> None:
    assert "does not exist; make it with" in llm_stats("export", "out").err


def left_beside(workdir: Path, folder: str) -> list[str]:
    return sorted(file.name for file in workdir.iterdir() if file.name.startswith(f".{folder}."))


def test_an_export_killed_between_its_two_renames_is_mended_by_the_next(llm_stats: Command, demo: Path, workdir: Path) -> None:
    llm_stats("export", "out", "--database", demo)
    before = digests(workdir / "out")
    (workdir / "out").rename(workdir / ".out.7.old")
    (workdir / ".out.7" / "marts").mkdir(parents=True)
    os.utime(workdir / ".out.7", (0, 0))
    (workdir / ".out.mine").mkdir()
    assert llm_stats("export", "out", "--database", demo, "--format", "csv").code == 0
    assert left_beside(workdir, "out") == [".out.mine"]
    (workdir / "out").rename(workdir / ".out.7.old")
    with duckdb.connect(workdir / "broken.duckdb") as connection:
        connection.execute(f"create schema history; create table history.schema_version as select {SCHEMA_VERSION} as version")
    done = llm_stats("export", "out", "--database", "broken.duckdb")
    assert (done.code, "broken.duckdb cannot be exported: Catalog Error: " in done.err) == (2, True)
    assert (workdir / "out" / "manifest.json").exists(), "the old export is back, even though the new one failed"
    assert left_beside(workdir, "out") == [".out.mine"]
    assert llm_stats("export", "out", "--database", demo).code == 0
    assert digests(workdir / "out") == before


def test_an_export_that_runs_is_left_alone(llm_stats: Command, demo: Path, workdir: Path) -> None:
    (workdir / ".out.7").mkdir()
    assert llm_stats("export", "out", "--database", demo).code == 0
    assert left_beside(workdir, "out") == [".out.7"]


def test_a_swap_that_fails_puts_the_old_export_back(llm_stats: Command, demo: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    llm_stats("export", "out", "--database", demo)
    before, rename = digests(workdir / "out"), Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.name == f".out.{os.getpid()}":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    done = llm_stats("export", "out", "--database", demo, "--format", "csv")
    assert (done.code, "out cannot be written: No space left on device" in done.err) == (2, True)
    assert digests(workdir / "out") == before
    assert left_beside(workdir, "out") == []


def test_a_link_to_a_folder_is_followed(llm_stats: Command, demo: Path, workdir: Path) -> None:
    (workdir / "real").mkdir()
    (workdir / "out").symlink_to("real")
    assert llm_stats("export", "out", "--database", demo).code == 0
    assert (workdir / "out").is_symlink()
    assert (workdir / "real" / "manifest.json").exists()
    assert left_beside(workdir, "out") == left_beside(workdir, "real") == []
