"""Paths of the published file and of its folder."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.tiny_warehouse import live_folder, make, publish, stored_value


def test_folder_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    snapshots = DuckDBWarehouse(tmp_path / "link" / "w.duckdb").snapshots
    publish(snapshots, tmp_path, 1, 2)
    assert [snapshot.is_live for snapshot in snapshots.all()] == [False, True]
    (live_folder(tmp_path / "real" / "w.duckdb") / "published").unlink()
    snapshots.prune()
    assert stored_value(tmp_path / "link" / "w.duckdb") == 2
    assert snapshots.rollback().id == "20260101T000000.000001Z"


def test_hidden_folder_may_be_a_link(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    ) as target:
        (tmp_path / ".w").symlink_to(Path(target) / "missing" / "folder")
        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        with warehouse.lock():
            make(warehouse.folder / "work" / "w.duckdb", 1)
            warehouse.snapshots.publish(
                warehouse.folder / "work" / "w.duckdb", "20260101T000000.000001Z"
            )
        assert stored_value(tmp_path / "w.duckdb") == 1
        assert [snapshot.is_live for snapshot in warehouse.snapshots.all()] == [True]


def test_readers_normalize_paths_like_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/deep")
    for name in ("link/../y.duckdb", "~tilde/x.duckdb", "md:foo.duckdb"):
        publish(DuckDBWarehouse(Path(name)).snapshots, tmp_path, 1)
        with DuckDBReader(Path(name)) as reader:
            assert reader.query("select x from t").rows == [(1,)]


def test_broken_link(llm_stats: Command, workdir: Path) -> None:
    (workdir / "w.duckdb").symlink_to("gone.duckdb")
    for command in ("show", "run x", "snapshots"):
        done = llm_stats(*command.split(), "--database", "w.duckdb")
        assert done.err == (
            f"llm-stats: {workdir}/w.duckdb links to gone.duckdb, which does not exist; "
            f"remove the link with `rm {workdir}/w.duckdb`, then copy a backup to that path, "
            "or start over with `llm-stats run --database w.duckdb`\n"
        ), command
        assert done.code == 2


def test_missing_database(llm_stats: Command, workdir: Path) -> None:
    done = llm_stats("show", "--database", "mine.duckdb")
    file = workdir / "mine.duckdb"
    assert done.err == (
        f"llm-stats: {file} does not exist; create it with `llm-stats run --database mine.duckdb`, "
        "or name another file, such as llm_stats_demo.duckdb, which `llm-stats demo` creates\n"
    )
    assert done.code == 2
    (workdir / "text").write_text("x")
    assert "cannot be opened as a DuckDB database" in llm_stats("show", "--database", "text").err


def test_backup_is_restored_over_a_broken_link_as_advised(
    llm_stats: Command, workdir: Path, one_model: Path
) -> None:
    """`cp` rejects a broken link as its target."""
    (file := workdir / "it's.duckdb").symlink_to(".it's/snapshots/1/it's.duckdb")
    advice = llm_stats("show", "--database", file.name).err.split("`")[1]
    copy = f"cp {one_model} {shlex.quote(str(file))}"
    assert subprocess.run(copy, shell=True, check=False, stderr=subprocess.DEVNULL).returncode
    subprocess.run(f"{advice} && {copy}", shell=True, check=True)
    assert llm_stats("show", "--database", file.name).code == 0
