"""Lock of a database: exclusive, acquired before a run, released when the process is killed."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llm_stats.errors import Locked, UsageError
from llm_stats.files import temp_folder
from llm_stats.sample import SampleApi
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from support.command import Command
from support.processes import PROGRAMS
from support.tiny_warehouse import make, publish, stored_value


def test_foreign_folder_is_an_error(tmp_path: Path) -> None:
    thesis = tmp_path / ".project" / "work" / "thesis.txt"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("x")
    with (
        pytest.raises(UsageError, match="not from llm-stats; choose another name"),
        DuckDBWarehouse(tmp_path / "project.duckdb").lock(),
    ):
        pass
    (tmp_path / ".project" / "lock").touch()
    with DuckDBWarehouse(tmp_path / "project.duckdb").lock():
        assert thesis.read_text() == "x"


def test_snapshots_restored_without_the_lock_file_are_not_foreign(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    publish(warehouse.snapshots, tmp_path, 1)
    assert not (warehouse.folder / "lock").exists()
    with warehouse.lock():
        assert stored_value(warehouse.database) == 1


def test_files_of_another_run_that_is_starting_are_not_foreign(tmp_path: Path) -> None:
    (tmp_path / ".w").mkdir()
    with temp_folder(tmp_path / ".w"), DuckDBWarehouse(tmp_path / "w.duckdb").lock():
        assert (tmp_path / ".w" / "lock").exists()


def test_plain_file_with_a_write_ahead_log_is_an_error(tmp_path: Path) -> None:
    (make(tmp_path / "w.duckdb", 1)).with_name("w.duckdb.wal").touch()
    with (
        pytest.raises(
            UsageError, match=r"w\.duckdb\.wal contains changes that are not in the database yet"
        ),
        DuckDBWarehouse(tmp_path / "w.duckdb").lock(),
    ):
        pass


def test_lock_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".w" / "lock").mkdir(parents=True)
    (tmp_path / ".w" / "holder.json").mkdir()
    with (
        pytest.raises(UsageError, match="lock cannot be locked: Is a directory"),
        DuckDBWarehouse(tmp_path / "w.duckdb").lock(),
    ):
        pass
    (tmp_path / ".w" / "lock").rmdir()
    (tmp_path / ".w" / "lock").touch()
    with DuckDBWarehouse(tmp_path / "w.duckdb").lock():
        assert {path.name for path in tmp_path.rglob("*")} == {".w", "lock", "holder.json"}, (
            "the write test leaves no file"
        )


def test_lock_file_respects_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with DuckDBWarehouse(tmp_path / "w.duckdb").lock():
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / ".w" / "lock").stat().st_mode) == 0o640


def test_file_system_without_locks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", fail)
    with (
        pytest.raises(
            UsageError,
            match=r"cannot be locked: Function not implemented; .* a file system with file locks",
        ),
        DuckDBWarehouse(tmp_path / "w.duckdb").lock(),
    ):
        pass


def test_holder_file_is_deleted_after_a_failure(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    with pytest.raises(ValueError, match="failed"), warehouse.lock():
        raise ValueError("failed")
    assert (warehouse.folder / "lock").exists()
    assert not (warehouse.folder / "holder.json").exists()


def test_missing_or_unreadable_holder_file(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    holder = warehouse.folder / "holder.json"
    with warehouse.lock():
        for text in ("[1]", "{}", "half of a", None):
            holder.unlink() if text is None else holder.write_text(text)
            with pytest.raises(Locked, match="just started"), warehouse.lock():
                pass


def test_holder_file_replaces_a_link(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    with warehouse.lock():
        pass
    (foreign := tmp_path / "notes.txt").write_text("mine")
    (warehouse.folder / "holder.json").symlink_to(foreign)
    with warehouse.lock():
        assert foreign.read_text() == "mine"
        assert str(os.getpid()) in (warehouse.folder / "holder.json").read_text()


@pytest.mark.parametrize("error", [KeyError, OSError])
def test_holder_without_a_user_name_is_named_by_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Python 3.13 raises `OSError` where older versions raise `KeyError`."""

    def fail() -> None:
        raise error

    monkeypatch.setattr("getpass.getuser", fail)
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    with warehouse.lock():
        holder = json.loads((warehouse.folder / "holder.json").read_text())
    assert holder["user"] == str(os.getuid())


def test_lock_is_released_when_its_holder_is_killed(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    holder = subprocess.Popen(
        [sys.executable, str(PROGRAMS / "hold_lock.py"), str(warehouse.database)],
        stdin=-1,
        stdout=-1,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with (
        pytest.raises(
            Locked,
            match=f"process {holder.pid} of .* on .*, since {dt.datetime.now(dt.UTC):%Y-%m-%d}",
        ),
        warehouse.lock(),
    ):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    with warehouse.lock():
        pass


def test_leftovers_of_a_killed_run_are_deleted(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    with warehouse.lock():
        pass
    wreck = make(warehouse.folder / "work" / "20260101T000000.000000Z" / "w.duckdb", 1)
    undeletable = wreck.parent.with_name("20260101T000000.000001Z")
    undeletable.touch()  # a file instead of a folder without write permission
    with warehouse.lock():
        assert not wreck.exists()
        assert undeletable.exists(), "what cannot be deleted stops no run"


@pytest.fixture
def locked(tmp_path: Path) -> Any:
    """Yield a function that locks a database from another process until the test ends."""
    holders: list[subprocess.Popen[str]] = []

    def hold(database: Path) -> None:
        holder = subprocess.Popen(
            [sys.executable, str(PROGRAMS / "hold_lock.py"), str(database)],
            stdin=-1,
            stdout=-1,
            text=True,
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holders.append(holder)

    yield hold
    for holder in holders:
        holder.communicate("")


def test_two_concurrent_runs(
    run: Command, api: SampleApi, one_model: Path, locked: Callable[[Path], None]
) -> None:
    before = one_model.read_bytes()
    locked(one_model)
    done = run("aurora-large-1")
    assert done.code == 6
    assert "another run holds the lock (process " in done.err
    assert one_model.read_bytes() == before
