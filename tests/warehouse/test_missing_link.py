"""Warehouse whose published path is gone, although its folder still has snapshots."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from llm_stats.sample import SampleApi
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.snapshot import has_snapshots
from support.command import Command
from support.queries import query_rows
from support.republish import republish
from support.tiny_warehouse import make


@pytest.mark.usefixtures("unchecked")
def test_run_is_rejected_and_rollback_restores_the_history(
    run: Command, llm_stats: Command, api: SampleApi, one_model: Path
) -> None:
    one_model.unlink()
    done = run("murmur-1")
    folder = one_model.with_name(".llm_stats")
    assert done.err == (
        f"llm-stats: {one_model} is missing, but its snapshots are in {folder}; "
        f"run `llm-stats rollback` to restore the newest, or remove {folder} to start over\n"
    )
    assert done.code == 2
    assert api.requests == []
    for command in ("status", "show", "export out", "check", "report"):
        read = llm_stats(*command.split())
        assert read.err == done.err, command
        assert read.code == 2
    assert llm_stats("rollback").code == 0
    assert run("murmur-1").code == 0
    assert query_rows(one_model, "select count(*) from raw.fetches") == [(2,)]


def test_folder_removed_as_advised_starts_over(one_model: Path) -> None:
    one_model.unlink()
    shutil.rmtree(one_model.with_name(".llm_stats"))
    republish(one_model)
    assert query_rows(one_model, "from raw.models") == []


@pytest.mark.parametrize("restored", ["copy of the folder", "broken link"])
def test_link_lost_in_a_backup_gives_the_same_advice(
    run: Command, one_model: Path, restored: str
) -> None:
    one_model.unlink()
    if restored == "broken link":
        one_model.symlink_to("gone.duckdb")
    done = run("murmur-1", "--database", one_model)
    assert "run `llm-stats rollback`" in done.err
    assert done.code == 2


def test_unpublished_snapshot_of_a_killed_first_run_is_deleted(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    left = make(warehouse.folder / "snapshots" / "20260101T000000.000000Z" / "w.duckdb", 1)
    (warehouse.folder / "lock").touch()
    assert not has_snapshots(warehouse.database)
    with warehouse.lock():
        assert not left.exists()
