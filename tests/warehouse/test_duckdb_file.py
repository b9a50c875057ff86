"""Paths of a warehouse: unusable paths, moved files, several warehouses in one folder."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import QueryError
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from llm_stats.sample import SampleApi
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy
from support.command import Command
from support.queries import query_rows
from support.republish import republish
from support.tiny_warehouse import publish, stored_value


class TestPath:
    """Unusable paths: a message for each cause, and no changed file."""

    def test_folder(self, run: Command, workdir: Path) -> None:
        (workdir / "folder").mkdir()
        done = run("murmur-1", "--database", "folder")
        assert "is a folder; name a file" in done.err
        assert done.code == 2

    def test_file_that_is_not_a_database(self, run: Command, workdir: Path) -> None:
        (workdir / "notes.txt").write_text("not a database")
        done = run("murmur-1", "--database", "notes.txt")
        assert "cannot be opened as a DuckDB database" in done.err
        assert done.code == 2
        assert (workdir / "notes.txt").read_text() == "not a database"

    def test_foreign_database(self, run: Command, workdir: Path) -> None:
        with duckdb.connect(workdir / "mine.duckdb") as connection:
            connection.execute("create table precious as select 1 as x")
        before = (workdir / "mine.duckdb").read_bytes()
        done = run("murmur-1", "--database", "mine.duckdb")
        assert "but not an llm-stats warehouse" in done.err
        assert done.code == 2
        assert (workdir / "mine.duckdb").read_bytes() == before

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            (
                "50%off/llm_stats.duckdb",
                "dlt cannot load into a path that contains a percent sign",
            ),
            ("bob's/llm_stats.duckdb", "a path that contains a quote"),
            ("what?.duckdb", "a path that contains a question mark"),
            ("day=1/w.duckdb", "a path that contains an equals sign"),
            ("a\\b.duckdb", "a path that contains a backslash"),
            ("a\x1bb.duckdb", "a path that contains a control character"),
            ("Raw.duckdb", "the file cannot be called 'Raw'"),
            ("marts.db", "the file cannot be called 'marts'"),
            ("..duckdb", "the file cannot be called '.'"),
        ],
    )
    def test_name_that_dlt_or_duckdb_misinterprets(
        self, run: Command, workdir: Path, api: SampleApi, path: str, message: str
    ) -> None:
        done = run("murmur-1", "--database", path)
        assert message in done.err
        assert done.code == 2
        assert list(workdir.iterdir()) == []
        assert api.requests == []

    @pytest.mark.slow
    @pytest.mark.usefixtures("unchecked")
    def test_internal_names_are_allowed(self, run: Command, workdir: Path, one_model: Path) -> None:
        assert run("murmur-1", "--database", "incoming.duckdb").code == 0
        republish(Path(shutil.copyfile(one_model, workdir / "dlt")))
        for name in ("incoming.duckdb", "dlt"):
            assert query_rows(workdir / name, "select count(*) from marts.models") == [(1,)]

    def test_named_pipe(self, run: Command, llm_stats: Command, workdir: Path) -> None:
        os.mkfifo(workdir / "pipe.duckdb")
        for done in (
            run("murmur-1", "--database", "pipe.duckdb"),
            llm_stats("show", "--database", "pipe.duckdb"),
        ):
            assert "pipe.duckdb is not a file; name another file" in done.err
            assert done.code == 2

    @pytest.mark.slow
    def test_damaged_warehouse(self, run: Command, one_model: Path, api: SampleApi) -> None:
        one_model.chmod(0o644)
        with duckdb.connect(one_model) as connection:
            connection.execute("drop table raw.fetches")
        done = run("murmur-1")
        assert "is damaged: Catalog Error: " in done.err
        assert "`llm-stats rollback`" in done.err
        assert done.code == 2
        assert api.requests == []

    def test_foreign_file_leaves_no_folder_behind(self, run: Command, workdir: Path) -> None:
        (workdir / "notes.txt").write_text("not a database")
        run("murmur-1", "--database", "notes.txt")
        assert [file.name for file in workdir.iterdir()] == ["notes.txt"]

    def test_missing_or_unwritable_folder(self, run: Command, workdir: Path) -> None:
        (workdir / "file").write_text("")
        done = run("murmur-1", "--database", "file/llm_stats.duckdb")
        assert "cannot be written: Not a directory" in done.err
        assert done.code == 2

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_read_only_folder(self, run: Command, workdir: Path) -> None:
        (workdir / "locked").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
        done = run("murmur-1", "--database", "locked/llm_stats.duckdb")
        assert "cannot be written" in done.err
        assert done.code == 2


class TestWorkingCopy:
    """Files that a working copy leaves behind, and errors while it is open."""

    def test_names_in_the_folder_next_to_the_database(self, tmp_path: Path) -> None:
        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        with warehouse.lock(), warehouse.working_copy() as copy:
            assert copy.path.parent == tmp_path / ".w" / "work" / copy.id
            warehouse.quarantine(copy, CheckFailed("reason"))
        with pytest.raises(CheckFailed), warehouse.lock():
            raise CheckFailed("reason")
        assert warehouse.cache == tmp_path / ".w" / "responses.sqlite"
        assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*")} == {
            ".w",
            ".w/last_failure.json",
            ".w/lock",
            ".w/rejected",
            ".w/rejected/reason.txt",
            ".w/rejected/w.duckdb",
            ".w/work",
        }

    @pytest.mark.parametrize(
        ("error", "cause"),
        [
            (OSError(errno.EIO, "Input/output error"), "Input/output error: {}/.w"),
            (duckdb.IOException("IO Error: no space\nmore"), "IO Error: no space"),
            (duckdb.Error(), "Error"),
            (QueryError("a view is missing"), "a view is missing"),
        ],
    )
    def test_error_of_the_disk_or_the_engine_publishes_nothing(
        self, tmp_path: Path, error: Exception, cause: str
    ) -> None:

        def fail(copy: DuckDBWorkingCopy) -> None:
            copy.migrate()  # opens the file
            raise error

        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        with (
            pytest.raises(LoadFailed) as raised,
            warehouse.lock(),
            warehouse.working_copy() as copy,
        ):
            fail(copy)
        expected = f"{warehouse.database}: {cause.format(tmp_path)}; nothing was published"
        assert str(raised.value) == expected
        assert not copy.path.parent.exists()
        assert [file for file in open_files() if file.is_relative_to(tmp_path)] == []

    def test_folder_that_is_gone_at_the_end_is_no_error(self, tmp_path: Path) -> None:
        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        with warehouse.lock(), warehouse.working_copy() as copy:
            shutil.rmtree(copy.path.parent)

    def test_closed_copy_is_opened_again(self, tmp_path: Path) -> None:
        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        with warehouse.lock(), warehouse.working_copy() as copy:
            copy.migrate()
            copy.close()
            assert not copy.migrate()

    @pytest.mark.parametrize("kind", ["folder", "link to a folder"])
    def test_earlier_rejection_is_replaced(self, tmp_path: Path, kind: str) -> None:
        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        (earlier := tmp_path / "earlier").mkdir()
        (earlier / "old.txt").touch()
        with warehouse.lock(), warehouse.working_copy() as copy:
            if kind == "folder":
                earlier.rename(warehouse.rejected)
            else:
                warehouse.rejected.symlink_to(earlier)
            warehouse.quarantine(copy, CheckFailed("reason"))
        assert sorted(file.name for file in warehouse.rejected.iterdir()) == [
            "reason.txt",
            "w.duckdb",
        ]
        assert (earlier / "old.txt").exists() == (kind != "folder"), "only the link is deleted"

    def test_unreadable_file_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The test raises the errors itself, because root can read every file."""

        def fail(error: Exception) -> Callable[..., None]:
            def raise_error(*_: object) -> None:
                raise error

            return raise_error

        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        publish(warehouse.snapshots, tmp_path, 1)
        copy = DuckDBWorkingCopy(tmp_path)
        damaged = fail(QueryError("a block is damaged"))
        monkeypatch.setattr("llm_stats.transform.migrate.schema_version", damaged)
        with pytest.raises(UsageError, match="cannot be opened as a DuckDB database: a block is"):
            copy.copy_source(warehouse.database)
        copy.close()
        denied = PermissionError(errno.EACCES, "Permission denied")
        monkeypatch.setattr("shutil.copyfile", fail(denied))
        with pytest.raises(UsageError, match=r"w\.duckdb cannot be read: Permission denied"):
            copy.copy_source(warehouse.database)


def open_files() -> list[Path]:
    """Return the files that this process has open."""
    links = Path("/proc/self/fd").iterdir()
    return [link.readlink() for link in links if link.is_symlink()]


def test_way_back_is_the_newest_snapshot_before_a_time(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    publish(warehouse.snapshots, tmp_path, 1, 2, 3)
    times = [snapshot.created_at for snapshot in warehouse.snapshots.all()]
    assert " --to 20260101T000000.000002Z" in warehouse.way_back(times[2])
    assert " --to 20260101T000000.000001Z" in warehouse.way_back(times[1])
    assert warehouse.way_back(times[0]) == (
        'correct the stored times (docs/operations.md, "Wrong clock")'
    )


def test_default_number_of_snapshots_is_three(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    publish(warehouse.snapshots, tmp_path, 1, 2, 3, 4)
    assert len(warehouse.snapshots.all()) == 3


def test_log_of_a_file_that_a_snapshot_replaced_is_ignored(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    with warehouse.lock():
        publish(warehouse.snapshots, tmp_path, 1)
    (tmp_path / "w.duckdb.wal").touch()
    with warehouse.lock():
        publish(warehouse.snapshots, tmp_path, 2)
    assert stored_value(warehouse.database) == 2


def test_moved_warehouse_opens(one_model: Path, workdir: Path) -> None:
    (workdir / "second").mkdir()
    for path in (one_model, one_model.with_name(".llm_stats")):
        path.rename(workdir / "second" / path.name)
    assert query_rows(
        workdir / "second" / "llm_stats.duckdb", "select model_id from marts.models"
    ) == [("murmur-1",)]


def test_warehouses_in_one_folder_are_independent(tmp_path: Path) -> None:
    warehouses = [
        DuckDBWarehouse(tmp_path / name, keep_snapshots=1) for name in ("w.duckdb", "w.db", "w")
    ]
    for value in range(2):
        for place, warehouse in enumerate(warehouses):
            with warehouse.lock():
                publish(warehouse.snapshots, tmp_path, 10 * value + place)
    assert [stored_value(warehouse.database) for warehouse in warehouses] == [10, 11, 12]
    assert [len(warehouse.snapshots.all()) for warehouse in warehouses] == [1, 1, 1]


def test_names_that_differ_in_the_suffix_have_separate_folders(tmp_path: Path) -> None:
    folders = [DuckDBWarehouse(tmp_path / name).folder.name for name in ("w.duckdb", "w.db", "w")]
    assert folders == [".w", ".w.db.files", ".w.files"]
