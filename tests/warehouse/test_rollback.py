"""Rollback to a snapshot, also from a broken, missing or regular published file."""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path

import duckdb
import pytest
from llm_stats.errors import LoadFailed, UsageError
from llm_stats.transform.migrate import SCHEMA_VERSION
from llm_stats.warehouse.snapshots import Snapshots
from support.command import Command
from support.tiny_warehouse import make, publish, stored_value

pytestmark = pytest.mark.slow


def test_rollback_and_forward(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    assert snapshots.rollback().is_live
    assert stored_value(published) == 2
    snapshots.rollback()
    assert stored_value(published) == 1
    with pytest.raises(UsageError, match="no older snapshot"):
        snapshots.rollback()
    snapshots.rollback("20260101T000000.000003Z")
    assert stored_value(published) == 3
    with pytest.raises(
        UsageError, match=r"no snapshot 'x'; `llm-stats snapshots .*` lists the snapshots"
    ):
        snapshots.rollback("x")
    snapshots.rollback("20260101T000000.000001Z")
    snapshots.prune()
    assert len(snapshots.all()) == 3, "the previously live snapshot is kept"
    publish(snapshots, tmp_path, 4)
    assert stored_value(published) == 4


def test_rollback_after_a_rollback_and_a_run_returns_to_the_parent(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    snapshots.rollback("20260101T000000.000001Z")
    publish(snapshots, tmp_path, 4)
    assert {stored_value(snapshot.file) for snapshot in snapshots.all()} == {1, 2, 3, 4}
    snapshots.rollback()
    assert stored_value(published) == 1, "not the abandoned branch"


@pytest.mark.parametrize("damage", ["folder gone", "file gone", "emptied", "corrupt"])
def test_rollback_repairs_a_warehouse_with_a_broken_live_snapshot(
    llm_stats: Command, snapshots: Snapshots, tmp_path: Path, published: Path, damage: str
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    (file := published.resolve()).chmod(0o644)
    if damage == "folder gone":
        shutil.rmtree(file.parent)
    elif damage == "file gone":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "emptied" else b"x" * 20000)
    for options in ((), ("--to", "20260101T000000.000001Z")):
        done = llm_stats("rollback", "--database", published, *options)
        assert done.err == ""
        assert done.code == 0
        assert stored_value(published) == (1 if options else 2)


def test_rollback_never_activates_a_snapshot_that_cannot_be_opened(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    first, second, _ = snapshots.all()
    second.file.chmod(0o644)
    second.file.write_bytes(b"x" * 20000)
    with pytest.raises(UsageError, match="cannot be opened as a DuckDB database"):
        snapshots.rollback(second.id)
    assert stored_value(published) == 3
    assert snapshots.rollback().id == first.id, (
        "the default is the newest of the older snapshots that can be opened"
    )
    second.file.unlink()
    with pytest.raises(UsageError, match="there is no snapshot"):
        snapshots.rollback(second.id)


def test_rollback_to_an_older_schema_version(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    """The next run migrates it."""
    publish(snapshots, tmp_path, 1, 2)
    older = snapshots.all()[0].file
    older.chmod(0o644)
    with duckdb.connect(older) as connection:
        connection.execute(f"update history.schema_version set version = {SCHEMA_VERSION - 1}")
    assert snapshots.rollback().file == older
    snapshots.rollback("20260101T000000.000002Z")
    assert snapshots.rollback("20260101T000000.000001Z").file == older


def test_rollback_keeps_a_plain_file_as_a_snapshot(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2)
    published.unlink()
    make(published, 9)
    snapshots.rollback("20260101T000000.000001Z")
    assert stored_value(published) == 1
    assert {stored_value(snapshot.file) for snapshot in snapshots.all()} == {1, 2, 9}


def test_disk_error_keeps_the_published_state(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2)
    published.unlink()
    make(published, 9)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    # simulate a full disk: the rollback cannot copy the regular file at the published path
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        with pytest.raises(LoadFailed, match=r"w\.duckdb was not changed: File too large: "):
            snapshots.rollback()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert stored_value(published) == 9
    snapshots.prune()
    assert [stored_value(snapshot.file) for snapshot in snapshots.all()] == [1, 2], (
        "the incomplete snapshot is deleted"
    )
    snapshots.rollback("20260101T000000.000001Z")
    assert stored_value(published) == 1


def test_rollback_without_snapshots_is_an_error(snapshots: Snapshots) -> None:
    with pytest.raises(UsageError, match="no older snapshot"):
        snapshots.rollback()


class TestCommands:
    def test_snapshots_and_rollback(self, llm_stats: Command, two_days: Path) -> None:
        database = ("--database", two_days.name)
        listed = json.loads(llm_stats("snapshots", "--format", "json", *database).out)
        columns = "snapshot_id is_live age_hours size_mb models offers scores"
        assert list(listed[0]) == columns.split()
        assert [(entry["is_live"], entry["models"]) for entry in listed] == [
            (True, 15),
            (False, 15),
        ]
        assert (
            f"{two_days.name} to snapshot {listed[1]['snapshot_id']}"
            in llm_stats("rollback", *database).out
        )
        assert "nothing changed" in llm_stats("changes", *database).out
        assert "no older snapshot" in llm_stats("rollback", *database).err
        assert llm_stats("rollback", "--to", listed[0]["snapshot_id"], *database).code == 0
        assert llm_stats("rollback", "--to", "../../etc", *database).code == 2

    def test_snapshot_from_the_future_has_no_age(self, llm_stats: Command, two_days: Path) -> None:
        live = two_days.resolve().parent
        two_days.unlink()
        future = live.rename(live.with_name("29991231T000000.000000Z"))
        two_days.symlink_to(future / "llm_stats.duckdb")
        done = llm_stats("snapshots", "--format", "json")
        assert [row["age_hours"] is None for row in json.loads(done.out)] == [True, False]
        assert done.err == "1 snapshot is from the future: check the clock\n"
