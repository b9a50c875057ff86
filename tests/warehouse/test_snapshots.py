"""Snapshots: publishing, pruning, and the state after a kill or a disk error."""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from llm_stats import files
from llm_stats.errors import LoadFailed, UsageError
from llm_stats.queries.snapshots import list_snapshots
from llm_stats.warehouse.snapshot import Snapshot, has_snapshots
from llm_stats.warehouse.snapshots import Snapshots
from support.processes import PROGRAMS
from support.tiny_warehouse import live_folder, make, publish, stored_value

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


def is_writable(file: Path) -> bool:
    """Return whether any write permission is set; `os.access` is always true for root."""
    return bool(stat.S_IMODE(file.stat().st_mode) & 0o222)


def test_published_path_links_to_the_newest_and_three_are_kept(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3, 4, 5)
    assert stored_value(published) == 5
    assert [(stored_value(snapshot.file), snapshot.is_live) for snapshot in snapshots.all()] == [
        (3, False),
        (4, False),
        (5, True),
    ]
    assert not published.readlink().is_absolute(), "a relative link survives moving the folder"
    assert not is_writable(published), "copying a file to the path must not change the snapshot"


def test_open_reader_keeps_its_snapshot_and_a_new_connection_sees_the_newest(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1)
    with duckdb.connect(published, read_only=True) as reader:
        publish(snapshots, tmp_path, 2, 3, 4, 5)
        assert reader.execute("select x from t").fetchall() == [(1,)], (
            "the deleted snapshot stays readable"
        )
        assert stored_value(published) == 5


def test_write_ahead_log_of_an_old_snapshot_does_not_affect_a_new_one(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1)
    published.chmod(0o644)
    subprocess.run([sys.executable, PROGRAMS / "update_and_die.py", published], check=False)
    assert list(tmp_path.glob(".w/snapshots/*/*.wal")), (
        "the writer was killed and left its write-ahead log next to the snapshot"
    )
    publish(snapshots, tmp_path, 2)
    assert stored_value(published) == 2


def test_file_with_a_write_ahead_log_is_not_published(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    file = make(tmp_path / "work" / "w.duckdb", 1)
    file.with_name("w.duckdb.wal").write_bytes(b"rows that did not fit into the file")
    with pytest.raises(LoadFailed, match=r"the new file is incomplete .* nothing was published"):
        snapshots.publish(file, "20260101T000000.000001Z")
    assert not published.exists()


def test_snapshots_can_be_listed_while_a_run_deletes_some(
    snapshots: Snapshots, tmp_path: Path
) -> None:
    publish(snapshots, tmp_path, 1)
    is_listed = threading.Event()

    def publish_until_listed() -> None:
        number = 1
        while not is_listed.is_set():
            number += 1
            file = make(tmp_path / "work" / str(number) / "w.duckdb", 1)
            snapshots.publish(file, f"20260101T000000.{number:06}Z")

    with ThreadPoolExecutor(1) as run:
        publishing = run.submit(publish_until_listed)
        listed = [list_snapshots(snapshots).rows for _ in range(6)]
        is_listed.set()
        publishing.result()
    assert all(sum(is_live for _, is_live, *_ in rows) <= 1 for rows in listed)


def test_marker_without_a_file_is_not_a_snapshot(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    snapshots.all()[0].file.unlink()
    assert [row[0][-2:] for row in list_snapshots(snapshots).rows] == ["3Z", "2Z"]
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *_, **__: None)
        publish(snapshots, tmp_path, 4, 5)
    assert [stored_value(snapshot.file) for snapshot in snapshots.all()] == [3, 4, 5], (
        "the marker is deleted first"
    )
    unfinished = tmp_path / ".w" / "snapshots" / "20260101T000000.000002Z"
    (unfinished / "w.duckdb").unlink()
    snapshots.prune()
    assert not unfinished.exists(), "the next run deletes the rest"


def test_run_killed_between_link_and_marker_has_published(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2)
    (live_folder(published) / "published").unlink()
    assert [snapshot.is_live for snapshot in snapshots.all()] == [False, True]
    published.with_name(".w.duckdb.new").symlink_to("nowhere")
    snapshots.prune()
    assert [stored_value(snapshot.file) for snapshot in snapshots.all()] == [1, 2]
    assert (live_folder(published) / "published").exists()
    assert not published.with_name(".w.duckdb.new").is_symlink()


def test_foreign_files_among_the_snapshots_are_kept_and_broken_snapshots_listed(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2)
    foreign = shutil.copytree(live_folder(published), live_folder(published).with_name("keep-me"))
    (broken := snapshots.all()[0].file).chmod(0o644)
    broken.write_bytes(b"x" * 20000)
    assert [(row[1], *row[4:]) for row in list_snapshots(snapshots).rows] == [
        (True, None, None, None),
        (False, None, None, None),
    ]
    publish(snapshots, tmp_path, 3, 4, 5)
    snapshots.prune()
    assert foreign.exists()


def test_link_made_by_a_user_is_imported_as_a_snapshot(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    make(tmp_path / "data" / "real.duckdb", 7)
    published.symlink_to("data/real.duckdb")
    publish(snapshots, tmp_path, 1)
    assert {stored_value(snapshot.file) for snapshot in snapshots.all()} == {7, 1}
    assert stored_value(tmp_path / "data" / "real.duckdb") == 7


def test_fsync_error_after_the_swap_is_not_reported_as_unpublished(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = files.fsync

    def fail(path: Path) -> None:
        if path == published.parent:
            raise OSError(5, "Input/output error")
        fsync(path)

    monkeypatch.setattr("llm_stats.warehouse.snapshots.fsync", fail)
    with pytest.raises(
        LoadFailed, match="is published, but a power failure may undo it: Input/output error"
    ):
        publish(snapshots, tmp_path, 1)
    assert stored_value(published) == 1


def test_folders_are_synced_before_the_link(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    for module in ("snapshot", "snapshots"):
        monkeypatch.setattr(
            f"llm_stats.warehouse.{module}.fsync",
            lambda path: synced.append((path.name, published.exists())),
        )
    publish(snapshots, tmp_path, 1)
    snapshot = "20260101T000000.000001Z"
    assert synced[:6] == [
        ("w.duckdb", False),
        ("ancestors", False),
        ("fingerprint.json", False),
        (snapshot, False),
        ("snapshots", False),
        (".w", False),
    ]
    assert synced[6:] == [(tmp_path.name, True), (snapshot, True)], "the link, then the marker"


def test_imported_file_and_copied_link_are_synced(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The published path is a regular file, and the file system supports no symbolic links."""
    modified = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
    os.utime(make(published, 1), (modified, modified))
    (tmp_path / ".w" / "snapshots" / "20260101T000000.000000Z").mkdir(parents=True)
    synced: list[str] = []
    for module in ("snapshot", "snapshots"):
        monkeypatch.setattr(
            f"llm_stats.warehouse.{module}.fsync",
            lambda path: synced.append(str(path.relative_to(tmp_path))),
        )
    monkeypatch.setattr(Path, "symlink_to", unsupported)
    publish(snapshots, tmp_path, 9)
    imported = ".w/snapshots/20260101T000000.000001Z"
    assert synced[:5] == [
        f"{imported}/w.duckdb",
        f"{imported}/ancestors",
        f"{imported}/fingerprint.json",
        imported,
        imported,
    ], "the next free id; at last the marker"
    assert synced.count(".w.duckdb.new") == 1


def unsupported(*_: object, **__: object) -> None:
    raise OSError


def test_left_temporary_link_is_replaced(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    (foreign := tmp_path / "foreign").touch()
    published.with_name(".w.duckdb.new").symlink_to(foreign)
    publish(snapshots, tmp_path, 1)
    assert published.is_symlink()
    assert foreign.read_bytes() == b""


def test_copy_of_the_same_size_and_time_is_not_the_live_snapshot(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1)
    (snapshot,) = snapshots.all()
    status = snapshot.file.stat()
    published.unlink()
    published.write_bytes(b"x" * status.st_size)
    os.utime(published, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert snapshots.live() is None
    published.write_bytes(snapshot.file.read_bytes())
    assert snapshots.live() == Snapshot(snapshot.file, is_live=True)
    (tmp_path / ".w" / "snapshots" / "20270101T000000.000000Z").mkdir()
    assert snapshots.live() is not None, "a snapshot without a file equals nothing"


def test_unreadable_published_file_is_an_error(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(snapshots, tmp_path, 1)
    published.unlink()
    published.touch()

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("filecmp.cmp", fail)
    with pytest.raises(UsageError, match=r"w\.duckdb cannot be read: Input/output error"):
        snapshots.all()


def test_snapshot_that_cannot_be_deleted_stops_no_run(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    with monkeypatch.context() as patched:
        patched.setattr("os.unlink", unsupported)
        patched.setattr("os.rmdir", unsupported)
        snapshots.all()[0].delete()
    assert len(snapshots.all()) == 3


def test_warehouse_has_snapshots_if_one_was_published(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    folder = tmp_path / ".w" / "snapshots"
    for name, marker in (("keep-me", "published"), ("20260101T000000.000002Z", "notes")):
        make(folder / name / "w.duckdb", 1).with_name(marker).touch()
        assert not has_snapshots(published)
    publish(snapshots, tmp_path, 1, 3)
    assert has_snapshots(published)
    for snapshot in snapshots.all():
        snapshot.file.unlink()
    assert not has_snapshots(published)


def test_unpublished_snapshot_is_deleted(snapshots: Snapshots, tmp_path: Path) -> None:
    publish(snapshots, tmp_path, 1)
    make(tmp_path / ".w" / "snapshots" / "20990101T000000.000000Z" / "w.duckdb", 2)
    snapshots.prune()
    assert [stored_value(snapshot.file) for snapshot in snapshots.all()] == [1]
    assert len(list((tmp_path / ".w" / "snapshots").iterdir())) == 1


def test_plain_file_is_imported_and_can_be_rolled_back_to(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    make(published, 1)
    publish(snapshots, tmp_path, 2)
    assert stored_value(published) == 2
    assert {stored_value(snapshot.file) for snapshot in snapshots.all()} == {1, 2}
    snapshots.rollback()
    assert stored_value(published) == 1
    assert not is_writable(published)


def test_without_symbolic_links_a_copy_is_renamed(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "symlink_to", unsupported)
    publish(snapshots, tmp_path, 1, 2)
    assert not published.is_symlink()
    assert stored_value(published) == 2
    assert [(stored_value(snapshot.file), snapshot.is_live) for snapshot in snapshots.all()] == [
        (1, False),
        (2, True),
    ], "each state is kept once"
    snapshots.rollback()
    assert [(stored_value(snapshot.file), snapshot.is_live) for snapshot in snapshots.all()] == [
        (1, True),
        (2, False),
    ]
    assert stored_value(published) == 1
