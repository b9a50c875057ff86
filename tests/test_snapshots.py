"""Publishing, going back, and what a kill or a full disk leaves behind."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import Command
from llm_stats import snapshots as snapshots_module
from llm_stats.errors import CheckFailed, LoadFailed, Locked, UsageError
from llm_stats.published import LAYOUT
from llm_stats.reader import Reader
from llm_stats.sample import SampleApi
from llm_stats.snapshots import Snapshots, listing
from llm_stats.warehouse import Warehouse


def make(file: Path, value: int) -> Path:
    """A little warehouse that says which one it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(file) as connection:
        connection.execute(f"create schema history; create table history.layout as select {LAYOUT} as version")
        connection.execute(f"create table t as select {value} as x")
    return file


def says(database: Path) -> int:
    with duckdb.connect(database, read_only=True) as connection:
        return int(connection.execute("select x from t").fetchall()[0][0])


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


@pytest.fixture
def snapshots(tmp_path: Path, published: Path) -> Snapshots:
    return Snapshots(published, tmp_path / ".w" / "snapshots", keep=3)


def publish(snapshots: Snapshots, tmp_path: Path, *values: int) -> None:
    for value in values:
        snapshots.publish(make(tmp_path / "work" / str(value) / "w.duckdb", value), f"20260101T000000.{value:06}Z")


def test_the_published_path_leads_to_the_newest_and_three_stay(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2, 3, 4, 5)
    assert says(published) == 5
    assert [(says(snapshot.file), snapshot.is_live) for snapshot in snapshots.all()] == [(3, False), (4, False), (5, True)]
    assert not published.readlink().is_absolute(), "the folder may be moved"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_nothing_can_be_copied_through_the_link_into_a_snapshot(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1)
    with pytest.raises(PermissionError):
        published.write_bytes(b"another")


def test_an_open_reader_keeps_its_snapshot_and_a_new_connection_of_the_same_process_sees_the_newest(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1)
    with duckdb.connect(published, read_only=True) as reader:
        publish(snapshots, tmp_path, 2, 3, 4, 5)
        assert reader.execute("select x from t").fetchall() == [(1,)], "its snapshot is long forgotten"
        assert says(published) == 5


def test_a_log_beside_an_old_snapshot_never_reaches_a_new_one(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1)
    published.chmod(0o644)
    writes = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('update t set x = 99'); os._exit(1)"
    subprocess.run([sys.executable, "-c", writes, str(published)], check=False)
    assert list(tmp_path.glob(".w/snapshots/*/*.wal")), "the writer died with its log beside the snapshot"
    publish(snapshots, tmp_path, 2)
    assert says(published) == 2


def test_going_back_and_on_again(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    snapshots.go_back()
    assert says(published) == 2
    snapshots.go_back()
    assert says(published) == 1
    with pytest.raises(UsageError, match="no older snapshot"):
        snapshots.go_back()
    snapshots.go_back("20260101T000000.000003Z")
    assert says(published) == 3
    with pytest.raises(UsageError, match="no snapshot 'x'; `llm-stats snapshots` lists them"):
        snapshots.go_back("x")
    snapshots.go_back("20260101T000000.000001Z")
    snapshots.sweep()
    assert len(snapshots.all()) == 3, "what was live before stays"
    publish(snapshots, tmp_path, 4)
    assert says(published) == 4


def test_after_going_back_and_on_going_back_leads_to_where_one_came_from(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    snapshots.go_back("20260101T000000.000001Z")
    publish(snapshots, tmp_path, 4)
    assert {says(snapshot.file) for snapshot in snapshots.all()} == {1, 3, 4}, "what the live one was made from stays"
    snapshots.go_back()
    assert says(published) == 1, "and not the branch that was left"


def live_folder(published: Path) -> Path:
    return published.resolve().parent


def test_a_file_with_a_log_beside_it_is_never_published(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    file = make(tmp_path / "work" / "w.duckdb", 1)
    file.with_name("w.duckdb.wal").write_bytes(b"what a full disk kept out of the file")
    with pytest.raises(LoadFailed, match=r"could not be written to its end .* nothing was published"):
        snapshots.publish(file, "20260101T000000.000001Z")
    assert not published.exists()


@pytest.mark.parametrize("damage", ["folder gone", "file gone", "emptied", "corrupt"])
def test_going_back_rescues_a_warehouse_whose_live_snapshot_is_broken(
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
        assert (done.code, done.err) == (0, "")
        assert says(published) == (1 if options else 2)


def test_nobody_goes_back_to_what_cannot_be_opened(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    first, second, _ = snapshots.all()
    second.file.chmod(0o644)
    second.file.write_bytes(b"x" * 20000)
    with pytest.raises(UsageError, match="cannot be opened as a DuckDB database"):
        snapshots.go_back(second.id)
    assert says(published) == 3
    assert snapshots.go_back().id == first.id, "without a name, one that opens"
    second.file.unlink()
    with pytest.raises(UsageError, match="there is no snapshot"):
        snapshots.go_back(second.id)


def test_a_plain_file_is_not_lost_by_going_back(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2)
    published.unlink()
    make(published, 9)
    snapshots.go_back("20260101T000000.000001Z")
    assert says(published) == 1
    assert {says(snapshot.file) for snapshot in snapshots.all()} == {1, 2, 9}


def test_a_mark_without_a_file_is_no_snapshot(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(snapshots, tmp_path, 1, 2, 3)
    snapshots.all()[0].file.unlink()
    assert [row[0][-2:] for row in listing(snapshots).rows] == ["3Z", "2Z"]
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *_, **__: None)
        publish(snapshots, tmp_path, 4, 5)
    assert [says(snapshot.file) for snapshot in snapshots.all()] == [3, 4, 5], "the mark goes first"


def test_a_run_killed_between_link_and_mark_has_published(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    publish(snapshots, tmp_path, 1, 2)
    (live_folder(published) / "published").unlink()
    assert [snapshot.is_live for snapshot in snapshots.all()] == [False, True]
    published.with_name(".w.duckdb.new").symlink_to("nowhere")
    snapshots.sweep()
    assert [says(snapshot.file) for snapshot in snapshots.all()] == [1, 2]
    assert (live_folder(published) / "published").exists()
    assert not published.with_name(".w.duckdb.new").is_symlink()


def test_what_is_not_ours_among_the_snapshots_is_left_alone_and_what_is_broken_is_listed(
    snapshots: Snapshots, tmp_path: Path, published: Path
) -> None:
    publish(snapshots, tmp_path, 1, 2)
    kept = shutil.copytree(live_folder(published), live_folder(published).with_name("keep-me"))
    (broken := snapshots.all()[0].file).chmod(0o644)
    broken.write_bytes(b"x" * 20000)
    assert [(row[1], *row[4:]) for row in listing(snapshots).rows] == [(True, None, None, None), (False, None, None, None)]
    publish(snapshots, tmp_path, 3, 4, 5)
    snapshots.sweep()
    assert kept.exists()


def test_a_link_of_somebody_else_is_followed_once_and_its_state_kept(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    make(tmp_path / "data" / "real.duckdb", 7)
    published.symlink_to("data/real.duckdb")
    publish(snapshots, tmp_path, 1)
    assert {says(snapshot.file) for snapshot in snapshots.all()} == {7, 1}
    assert says(tmp_path / "data" / "real.duckdb") == 7


def test_a_published_file_that_may_not_outlive_a_loss_of_power_is_not_called_unpublished(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_disk = snapshots_module._to_disk

    def fails(path: Path) -> None:
        if path == published.parent:
            raise OSError(5, "Input/output error")
        to_disk(path)

    monkeypatch.setattr(snapshots_module, "_to_disk", fails)
    with pytest.raises(LoadFailed, match="is published, but a loss of power may undo it: Input/output error"):
        publish(snapshots, tmp_path, 1)
    assert says(published) == 1


def test_all_folders_reach_the_disk_before_the_link(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    monkeypatch.setattr(snapshots_module, "_to_disk", lambda path: seen.append((path.name, published.exists())))
    publish(snapshots, tmp_path, 1)
    snapshot = "20260101T000000.000001Z"
    assert seen[:4] == [("w.duckdb", False), (snapshot, False), ("snapshots", False), (".w", False)]
    assert seen[4:] == [(tmp_path.name, True), (snapshot, True)], "the link, then the mark"


def test_without_any_snapshot_there_is_none_to_go_back_to(snapshots: Snapshots) -> None:
    with pytest.raises(UsageError, match="no older snapshot"):
        snapshots.go_back()


def test_a_snapshot_that_never_went_live_is_swept(snapshots: Snapshots, tmp_path: Path) -> None:
    publish(snapshots, tmp_path, 1)
    make(tmp_path / ".w" / "snapshots" / "20990101T000000.000000Z" / "w.duckdb", 2)
    snapshots.sweep()
    assert [says(snapshot.file) for snapshot in snapshots.all()] == [1]
    assert len(list((tmp_path / ".w" / "snapshots").iterdir())) == 1


def test_a_plain_file_is_adopted_and_stays_to_go_back_to(snapshots: Snapshots, tmp_path: Path, published: Path) -> None:
    make(published, 1)
    publish(snapshots, tmp_path, 2)
    assert says(published) == 2
    assert {says(snapshot.file) for snapshot in snapshots.all()} == {1, 2}
    snapshots.go_back()
    assert says(published) == 1


def test_where_there_are_no_links_a_rename_does_the_job(
    snapshots: Snapshots, tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "symlink_to", refuse)
    publish(snapshots, tmp_path, 1, 2)
    assert not published.is_symlink()
    assert says(published) == 2
    assert [(says(snapshot.file), snapshot.is_live) for snapshot in snapshots.all()] == [(1, False), (2, True)], "none is kept twice"
    snapshots.go_back()
    assert [(says(snapshot.file), snapshot.is_live) for snapshot in snapshots.all()] == [(1, True), (2, False)]
    assert says(published) == 1


class TestCommands:
    def test_snapshots_and_rollback(self, llm_stats: Command, home: Path, demo: Path) -> None:
        shutil.copytree(demo.parent, home, symlinks=True, dirs_exist_ok=True)
        database = ("--database", demo.name)
        listed = json.loads(llm_stats("snapshots", "--format", "json", *database).out)
        assert [(entry["is_live"], entry["models"]) for entry in listed] == [(True, 14), (False, 14)]
        assert f"is the snapshot {listed[1]['snapshot_id']} again" in llm_stats("rollback", *database).out
        assert "nothing changed" in llm_stats("changes", *database).out
        assert "no older snapshot" in llm_stats("rollback", *database).err
        assert llm_stats("rollback", "--to", listed[0]["snapshot_id"], *database).code == 0
        assert llm_stats("rollback", "--to", "../../etc", *database).code == 2

    def test_a_failed_check_publishes_nothing_and_keeps_the_refused_file(
        self, llm_stats: Command, api: SampleApi, home: Path, one_model: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = ("run", "murmur-1", "--base-url", api.base_url)
        before = (home / "llm_stats.duckdb").read_bytes()
        broken = shutil.copytree(Path(__file__).parents[1] / "sql", home / "sql")
        (broken / "checks" / "never.sql").write_text(
            "-- No model is there.\n-- Severity: error\nselect model_id from marts.models, range(9);\n"
        )
        (broken / "checks" / "doubt.sql").write_text("-- A doubt.\n-- Severity: warning\nselect model_id from marts.models;\n")
        monkeypatch.setattr("llm_stats.sql.folder", lambda: broken)
        done = llm_stats(*run)
        assert done.code == 5
        assert "error: never: No model is there: 9 rows: model_id=murmur-1; model_id=murmur-1;" in done.err
        assert done.err.count("model_id=") == 5
        assert (home / "llm_stats.duckdb").read_bytes() == before
        assert "9 rows" in (home / ".llm_stats" / "refused" / "reason.txt").read_text()
        with duckdb.connect(home / ".llm_stats" / "refused" / "llm_stats.duckdb", read_only=True) as refused:
            assert refused.execute("select count(*) from raw.fetches").fetchall() == [(2,)]
        assert llm_stats("check").code == 5
        assert "if the data is right, run again with --accept never" in done.err
        accepted = llm_stats(*run, "--accept", "never")
        assert (accepted.code, "error: never: No model is there" in accepted.out) == (0, True)
        assert "there is no check 'nevr'" in llm_stats(*run, "--accept", "nevr").err
        (broken / "checks" / "never.sql").unlink()
        warned = llm_stats(*run)
        assert warned.code == 0
        assert "warning: doubt: A doubt: 1 row: model_id=murmur-1" in warned.out
        assert llm_stats("check").code == 0

    def test_a_full_disk_publishes_nothing(self, llm_stats: Command, api: SampleApi, one_model: Path) -> None:
        run = ("run", "murmur-1", "--base-url", api.base_url)
        before = one_model.read_bytes()
        # files may not grow past 200 blocks of 1 kB: the copy of the database fails in the middle, as on a full disk
        full = ["/bin/bash", "-c", f"trap '' XFSZ; ulimit -f 200; '{sys.executable}' -m llm_stats {' '.join(run)}"]
        done = subprocess.run(full, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "nothing was published" in done.stderr
        assert "Traceback" not in done.stderr
        assert one_model.read_bytes() == before
        assert llm_stats(*run).code == 0, "the next run is clean"

    def test_a_disk_that_fills_up_at_the_last_moment_publishes_nothing(self, llm_stats: Command, api: SampleApi, home: Path) -> None:
        run = ("run", "--all", "--requests-per-minute", "0", "--base-url", api.base_url)
        # the log of what is written fits, the file that it is to go into does not
        full = ["/bin/bash", "-c", f"trap '' XFSZ; ulimit -f 400; '{sys.executable}' -m llm_stats {' '.join(run)}"]
        done = subprocess.run(full, capture_output=True, text=True, check=False)
        assert (done.returncode, "nothing was published" in done.stderr) == (1, True)
        assert not (home / "llm_stats.duckdb").exists()
        again = llm_stats(*run)
        assert (again.code, "14 loaded; 1 request in" in again.out) == (0, True), again


class TestPlaces:
    def test_a_folder_that_is_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        snapshots = Warehouse(tmp_path / "link" / "w.duckdb").snapshots
        publish(snapshots, tmp_path, 1, 2)
        assert [snapshot.is_live for snapshot in snapshots.all()] == [False, True]
        (live_folder(tmp_path / "real" / "w.duckdb") / "published").unlink()
        snapshots.sweep()
        assert says(tmp_path / "link" / "w.duckdb") == 2
        assert snapshots.go_back().id == "20260101T000000.000001Z"

    def test_the_folder_beside_may_lie_elsewhere(self, tmp_path: Path) -> None:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as elsewhere:
            (tmp_path / ".w").symlink_to(elsewhere)
            warehouse = Warehouse(tmp_path / "w.duckdb")
            with warehouse.lock():
                make(warehouse.folder / "work" / "w.duckdb", 1)
                warehouse.snapshots.publish(warehouse.folder / "work" / "w.duckdb", "20260101T000000.000001Z")
            assert says(tmp_path / "w.duckdb") == 1
            assert [snapshot.is_live for snapshot in warehouse.snapshots.all()] == [True]

    def test_a_folder_of_somebody_else_is_not_taken_over(self, tmp_path: Path) -> None:
        thesis = tmp_path / ".project" / "work" / "thesis.txt"
        thesis.parent.mkdir(parents=True)
        thesis.write_text("x")
        with pytest.raises(UsageError, match="holds something else; choose another name"), Warehouse(tmp_path / "project.duckdb").lock():
            pass
        (tmp_path / ".project" / "lock").touch()
        with Warehouse(tmp_path / "project.duckdb").lock():
            assert thesis.read_text() == "x"

    def test_a_plain_file_with_a_log_is_refused(self, tmp_path: Path) -> None:
        (make(tmp_path / "w.duckdb", 1)).with_name("w.duckdb.wal").touch()
        with (
            pytest.raises(UsageError, match=r"w\.duckdb\.wal holds what is not in the database yet"),
            Warehouse(tmp_path / "w.duckdb").lock(),
        ):
            pass

    def test_a_lock_that_is_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / ".w" / "lock").mkdir(parents=True)
        (tmp_path / ".w" / "holder.json").mkdir()
        with pytest.raises(UsageError, match="cannot be written: Is a directory"), Warehouse(tmp_path / "w.duckdb").lock():
            pass
        (tmp_path / ".w" / "lock").rmdir()
        (tmp_path / ".w" / "lock").touch()
        with Warehouse(tmp_path / "w.duckdb").lock():
            assert {path.name for path in tmp_path.rglob("*")} == {".w", "lock", "holder.json"}, (
                "nothing is left of trying what can be written"
            )

    def test_a_holder_that_says_nothing(self, tmp_path: Path) -> None:
        warehouse = Warehouse(tmp_path / "w.duckdb")
        with warehouse.lock():
            (warehouse.folder / "holder.json").write_text("[1]")
            with pytest.raises(Locked, match="just started"), warehouse.lock():
                pass

    def test_the_reason_of_a_refusal_is_never_lost(self, tmp_path: Path) -> None:
        warehouse = Warehouse(tmp_path / "w.duckdb")
        with warehouse.lock(), warehouse.working_copy() as copy:
            warehouse.refused.write_text("a file")
            with pytest.raises(CheckFailed, match="why\nthe refused file is kept at"), warehouse.keeping_refused(copy):
                raise CheckFailed("why")
            with pytest.raises(CheckFailed, match="why\nthe refused file could not be kept: "), warehouse.keeping_refused(copy):
                raise CheckFailed("why")  # the copy is gone

    def test_readers_spell_a_path_as_the_writer_does(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "far" / "deep").mkdir(parents=True)
        (tmp_path / "link").symlink_to("far/deep")
        for name in ("link/../y.duckdb", "~tilde/x.duckdb", "md:foo.duckdb"):
            publish(Warehouse(Path(name)).snapshots, tmp_path, 1)
            with Reader(Path(name)) as reader:
                assert reader.query("select x from t").rows == [(1,)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
class TestUsers:
    """Users without a name, as in a container, who share a folder."""

    #: Does a thing as root, so that all modules are there (users may not reach the interpreter), and then as another user.
    SCRIPT = """
import contextlib, datetime as dt, os, pathlib, sys
import duckdb
from llm_stats import cli
from llm_stats.cache import ResponseCache
from llm_stats.published import LAYOUT
from llm_stats.warehouse import Warehouse

def publish(database):
    warehouse = Warehouse(pathlib.Path(database))
    with warehouse.lock(), ResponseCache(warehouse.cache, dt.timedelta(1)), warehouse.working_copy() as copy:
        with duckdb.connect(copy.path) as connection:
            connection.execute("create schema if not exists history")
            connection.execute(f"create or replace table history.layout as select {LAYOUT} as version")
        warehouse.publish(copy)

def command(database):
    for words in (["run", "x"], ["show"], ["rollback"], ["snapshots"]):
        sys.argv = ["llm-stats", *words, "--database", database]
        with contextlib.suppress(SystemExit):
            cli.main()

do, user, umask, own, shared = sys.argv[1:]
with contextlib.redirect_stderr(None):
    globals()[do](own)
os.umask(int(umask, 8))
os.setgroups([])
os.setgid(int(user))
os.setuid(int(user))
os.chdir("/")
globals()[do](shared)
"""

    def act(self, do: str, user: int, umask: str, own: Path, shared: str) -> str:
        """What is said on standard error."""
        names = ("USER", "LOGNAME", "LNAME", "USERNAME")
        environment = {name: value for name, value in os.environ.items() if name not in names} | {"LLM_STATS_API_KEY": "key"}
        command = [sys.executable, "-c", self.SCRIPT, do, str(user), umask, str(own / "w.duckdb"), f"{shared}/w.duckdb"]
        return subprocess.run(command, env=environment, cwd=own, stderr=subprocess.PIPE, text=True, check=False).stderr

    @pytest.fixture
    def shared(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            yield folder

    def test_share_a_folder(self, tmp_path: Path, shared: str) -> None:
        for user, umask in ((54321, "000"), (54322, "000"), (54321, "000")):
            assert self.act("publish", user, umask, tmp_path, shared) == ""
        snapshots = Warehouse(Path(shared) / "w.duckdb").snapshots.all()
        assert [snapshot.file.stat().st_uid for snapshot in snapshots] == [54321, 54322, 54321]

    def test_who_may_not_read_are_told(self, tmp_path: Path, shared: str) -> None:
        assert self.act("publish", 54321, "077", tmp_path, shared) == ""
        told = self.act("command", 54322, "022", tmp_path, shared).splitlines()
        assert told == [f"llm-stats: {shared}/w.duckdb cannot be read: Permission denied"] * 4

    def test_a_snapshot_that_others_may_not_read_can_be_left(self, tmp_path: Path, shared: str) -> None:
        for user, umask in ((54321, "000"), (54322, "077")):
            assert self.act("publish", user, umask, tmp_path, shared) == ""
        told = self.act("command", 54321, "000", tmp_path, shared).splitlines()
        assert told == [f"llm-stats: {shared}/w.duckdb cannot be read: Permission denied"] * 2, "run and show, but not rollback"
        assert [snapshot.is_live for snapshot in Warehouse(Path(shared) / "w.duckdb").snapshots.all()] == [True, False]


def test_the_lock_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    holds = (
        "import sys, pathlib; from llm_stats.warehouse import Warehouse\n"
        "with Warehouse(pathlib.Path(sys.argv[1])).lock(): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", holds, str(warehouse.database)], stdin=-1, stdout=-1, text=True)
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Locked, match=f"process {holder.pid} of .* on .*, since {dt.datetime.now(dt.UTC):%Y-%m-%d}"), warehouse.lock():
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    with warehouse.lock():
        pass


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with warehouse.lock():
        pass
    wreck = make(warehouse.folder / "work" / "20260101T000000.000000Z" / "w.duckdb", 1)
    with warehouse.lock():
        assert not wreck.exists()
