"""Published file that another program changes or keeps open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from llm_stats.sample import SampleApi
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.snapshots import Snapshots
from support.command import Command
from support.processes import PROGRAMS
from support.queries import query_rows
from support.republish import republish
from support.tiny_warehouse import publish

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

FETCHES = "select count(*) from raw.fetches"


def test_program_that_holds_the_file_open_stops_no_run(run: Command, one_model: Path) -> None:
    """The run ignores the other program's `delete`, which is only in the write-ahead log."""
    one_model.chmod(0o644)
    delete = "delete from raw.fetches"
    with subprocess.Popen(
        [sys.executable, str(PROGRAMS / "hold_database.py"), str(one_model), delete],
        stdin=-1,
        stdout=-1,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = run("murmur-1", "--quiet")
        assert done.err == ""
        assert done.code == 0
        assert query_rows(one_model, FETCHES) == [(2,)]
        holder.communicate("")


def test_run_continues_from_a_changed_file_with_a_warning(
    run: Command, llm_stats: Command, two_days: Path
) -> None:
    first, live = DuckDBWarehouse(two_days).snapshots.all()
    ((fetches,),) = query_rows(two_days, FETCHES)
    live.file.chmod(0o644)
    with duckdb.connect(live.file) as connection:
        connection.execute("insert into raw.fetches select * from raw.fetches")
    done = run("murmur-1", "--quiet")
    assert done.err == (
        f"llm-stats: warning: {two_days} was changed by another program after it was published; "
        "the run continues from the changed file; "
        f"`llm-stats rollback --to {first.id}` returns to an earlier state\n"
    )
    assert done.code == 0
    assert query_rows(two_days, FETCHES) == [(2 * fetches + 1,)]
    assert llm_stats("rollback", "--to", first.id).code == 0
    assert query_rows(two_days, FETCHES) == query_rows(first.file, FETCHES)


def test_damaged_file_is_an_error_that_names_rollback(
    run: Command, llm_stats: Command, two_days: Path, api: SampleApi
) -> None:
    two_days.chmod(0o644)
    two_days.write_bytes(b"x" * 20000)
    done = run("murmur-1")
    assert done.err == (
        f"llm-stats: {two_days} cannot be opened as a DuckDB database: IO Error: "
        'The file "llm_stats.duckdb" exists, but it is not a valid DuckDB database file; '
        "run `llm-stats rollback`, or restore a backup\n"
    )
    assert done.code == 2
    assert api.requests == []
    for command in ("show", "status", "export out", "check", "report", "sql from_x"):
        read = llm_stats(*command.split())
        assert read.err == done.err, command
        assert read.code == 2
    assert llm_stats("rollback").code == 0
    republish(two_days)


def test_unopenable_file_without_snapshots_is_named_without_internal_paths(
    run: Command, llm_stats: Command, workdir: Path
) -> None:
    (workdir / "mine.duckdb").write_bytes(b"x" * 20000)
    for done in (
        run("murmur-1", "--database", "mine.duckdb"),
        llm_stats("show", "--database", "mine.duckdb"),
    ):
        assert done.err == (
            f"llm-stats: {workdir}/mine.duckdb cannot be opened as a DuckDB database: IO Error: "
            'The file "mine.duckdb" exists, but it is not a valid DuckDB database file; '
            "name another file\n"
        )


def test_rollback_to_a_damaged_snapshot_names_its_id(llm_stats: Command, two_days: Path) -> None:
    (older,) = (
        folder
        for folder in (two_days.parent / ".llm_stats" / "snapshots").iterdir()
        if folder != two_days.resolve().parent
    )
    (older / "llm_stats.duckdb").chmod(0o644)
    (older / "llm_stats.duckdb").write_bytes(b"x" * 20000)
    done = llm_stats("rollback", "--to", older.name)
    assert f"llm-stats: {two_days}: snapshot {older.name} cannot be opened as" in done.err
    assert ".llm_stats" not in done.err
    assert done.code == 2


@pytest.mark.parametrize("content", [b"{}", b"[]", b"null", b"half of a", None])
def test_damaged_fingerprint_is_no_change(
    snapshots: Snapshots, tmp_path: Path, content: bytes | None
) -> None:
    """A power failure can leave metadata files with wrong content."""
    publish(snapshots, tmp_path, 1)
    (live,) = snapshots.all()
    fingerprint = live.folder / "fingerprint.json"
    fingerprint.unlink() if content is None else fingerprint.write_bytes(content)
    os.utime(live.file, (1, 1))
    assert not live.is_changed()


def test_damaged_ancestors_stop_no_run(snapshots: Snapshots, tmp_path: Path) -> None:
    publish(snapshots, tmp_path, 1, 2)
    for content in (b"\xff\xfe", None):
        ancestors = snapshots.all()[-1].folder / "ancestors"
        ancestors.unlink() if content is None else ancestors.write_bytes(content)
        assert [snapshot.id[-2:] for snapshot in snapshots.line()] == ["2Z"]
    publish(snapshots, tmp_path, 3)
    assert [snapshot.id[-2:] for snapshot in snapshots.line()] == ["3Z", "2Z"]


def test_file_is_hashed_only_if_its_size_or_time_differs(
    snapshots: Snapshots, tmp_path: Path
) -> None:
    publish(snapshots, tmp_path, 1)
    (live,) = snapshots.all()
    fingerprint = live.folder / "fingerprint.json"
    stored = json.loads(fingerprint.read_text())
    fingerprint.write_text(json.dumps(stored | {"sha256": "of another content"}))
    assert not live.is_changed()
    os.utime(live.file, (1, 1))
    assert live.is_changed()
    fingerprint.write_text(json.dumps(stored))
    assert not live.is_changed(), "only the time differs"


def test_only_another_content_causes_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    file, advice = warehouse.database, ""
    for value in (1, 2, 3):
        publish(warehouse.snapshots, tmp_path, value)
        os.utime(file, (1, 1))
        republish(file)
        assert caplog.messages == []
        file.chmod(0o644)
        older = warehouse.snapshots.line()[1]
        if value == 1:
            older.delete()
        else:
            command = f"llm-stats rollback --to {older.id} --database {file}"
            advice = f"; `{command}` returns to an earlier state"
        with duckdb.connect(file) as connection:
            connection.execute("update t set x = 9")
        with warehouse.working_copy():
            pass
        assert caplog.messages == [
            f"{file} was changed by another program after it was published; "
            f"the run continues from the changed file{advice}"
        ]
        caplog.clear()
