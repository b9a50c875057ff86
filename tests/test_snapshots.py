"""Publishing, going back, and what a kill or a full disk leaves behind."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Command
from llm_stats.errors import Locked, UsageError
from llm_stats.sample import SampleApi
from llm_stats.snapshots import Snapshots
from llm_stats.warehouse import Warehouse


def make(file: Path, value: int) -> Path:
    """A little database that says which one it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(file) as connection:
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
    assert [says(snapshot.file) for snapshot in snapshots.all()] == [1, 2], "none is kept twice"


class TestCommands:
    def test_snapshots_and_rollback(self, llm_stats: Command, home: Path) -> None:
        llm_stats("demo")
        database = ("--database", "llm_stats_demo.duckdb")
        listed = json.loads(llm_stats("snapshots", "--format", "json", *database).out)
        assert [(entry["is_live"], entry["models"]) for entry in listed] == [(True, 14), (False, 14)]
        assert f"is the snapshot {listed[1]['snapshot_id']} again" in llm_stats("rollback", *database).out
        assert "nothing changed" in llm_stats("changes", *database).out
        assert "no older snapshot" in llm_stats("rollback", *database).err
        assert llm_stats("rollback", "--to", listed[0]["snapshot_id"], *database).code == 0
        assert llm_stats("rollback", "--to", "../../etc", *database).code == 2

    def test_a_failed_check_publishes_nothing_and_keeps_the_refused_file(
        self, llm_stats: Command, api: SampleApi, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = ("run", "murmur-1", "--base-url", api.base_url)
        assert llm_stats(*run).code == 0
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

    def test_a_full_disk_publishes_nothing(self, api: SampleApi, home: Path) -> None:
        command = f"'{sys.executable}' -m llm_stats run murmur-1 --base-url {api.base_url}"
        assert subprocess.run(command, shell=True, check=False).returncode == 0
        before = (home / "llm_stats.duckdb").read_bytes()
        # files may not grow past 200 blocks of 1 kB: the copy of the database fails in the middle, as on a full disk
        full = ["/bin/bash", "-c", f"trap '' XFSZ; ulimit -f 200; {command}"]
        done = subprocess.run(full, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "nothing was published" in done.stderr
        assert "Traceback" not in done.stderr
        assert (home / "llm_stats.duckdb").read_bytes() == before
        assert subprocess.run(command, shell=True, check=False).returncode == 0, "the next run is clean"


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
    wreck = make(warehouse.folder / "work" / "20260101T000000.000000Z" / "w.duckdb", 1)
    with warehouse.lock():
        assert not wreck.exists()
