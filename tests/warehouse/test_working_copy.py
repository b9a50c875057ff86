"""Working copy of a run: storage format, limited growth, no publication of incomplete files."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from llm_stats.sample.demo import run_demo
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.duckdb_reader import MaterializedReader
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy, has_much_free_space
from support.command import Command
from support.queries import attached
from support.republish import republish
from support.skip_conditions import REQUIRES_DUCKDB_2
from support.tiny_warehouse import make

pytestmark = pytest.mark.slow


def content(database: Path) -> dict[str, Any]:
    """Return all rows of a database, and its views, columns, macros and comments."""
    with attached(database) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        rows = {
            f"{schema}.{table}": connection.execute(
                f"from {schema}.{table} order by all"
            ).fetchall()
            for schema, table in tables
        }
        for catalog in (
            (
                "select schema_name, view_name, comment from duckdb_views() where not internal "
                "order by all"
            ),
            (
                "select * exclude (database_oid, table_oid, schema_oid) from duckdb_columns() "
                "where not internal order by all"
            ),
            (
                "select function_name, parameters, comment from duckdb_functions() where "
                "schema_name = 'marts' order by all"
            ),
        ):
            rows[catalog] = connection.execute(catalog).fetchall()
        return rows


def test_compacted_file_is_equal_and_smaller(tmp_path: Path, two_days: Path) -> None:
    (folder := tmp_path / "work").mkdir()
    copy = DuckDBWorkingCopy(folder)
    copy.path.write_bytes(two_days.read_bytes())
    with duckdb.connect(copy.path) as connection:
        connection.execute(
            "create table filler as select range as x, random() as y from range(200000)"
        )
        connection.execute("drop table filler")
    before, size = content(copy.path), copy.path.stat().st_size
    copy.update_history(dt.datetime.now(dt.UTC))  # ends with `compact`
    after = content(copy.path)
    fingerprint = "raw.sql_fingerprint"  # contains the time of the update
    assert after.pop(fingerprint)[0][:2] == before.pop(fingerprint)[0][:2]
    assert after == before
    assert copy.path.stat().st_size < 0.6 * size
    assert list(folder.iterdir()) == [copy.path]
    inode = copy.path.stat().st_ino
    copy.compact()
    assert copy.path.stat().st_ino == inode, "a compact file is not rewritten"


@pytest.mark.parametrize(
    ("total", "free", "block_size", "expected"),
    [
        (20, 5, 2**19, True),
        (20, 5, 2**18, False),
        (15, 3, 2**20, False),
        (12, 3, 2**20, True),
        (20, 4, 2**19, False),
        (9, 2, 2**20, False),
    ],
)
def test_free_space_worth_compacting_is_a_fifth_and_two_megabytes(
    total: int, free: int, block_size: int, expected: bool
) -> None:
    assert has_much_free_space(total, free, block_size) == expected


@REQUIRES_DUCKDB_2
def test_file_with_a_newer_storage_version_is_rewritten(tmp_path: Path) -> None:
    copy = DuckDBWorkingCopy(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{copy.path}' as new (storage_version 'v2.0.0'); create table new.t as "
            "select 1 as x"
        )
    copy.compact()
    with duckdb.connect(copy.path, read_only=True) as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
        storage = (
            "select tags['storage_version'] from duckdb_databases() where database_name = "
            "current_database()"
        )
        assert connection.execute(storage).fetchall() == [("v1.4.0+",)]


@pytest.mark.timeout(900)
def test_file_does_not_grow_with_runs(two_days: Path) -> None:
    """By default, only the two runs of `two_days` are compared."""
    runs = 200 if "LLM_STATS_STRESS" in os.environ else 0
    sizes = [snapshot.file.stat().st_size for snapshot in DuckDBWarehouse(two_days).snapshots.all()]
    sizes += [run_demo(two_days).database.stat().st_size for _ in range(runs)]
    assert len(sizes) == 2 + runs
    assert max(sizes) <= 1.2 * sizes[0] + 2 * 2**20


def test_checks_accept_a_file_with_other_schemas(one_model: Path) -> None:
    one_model.chmod(0o644)
    with duckdb.connect(one_model) as connection:
        connection.execute("create schema mine; create table mine.notes as select 1 as x")
    with MaterializedReader(one_model) as reader:
        assert reader.query("select count(*) from marts.models").rows == [(1,)]


@contextlib.contextmanager
def full_disk(kilobytes: int) -> Iterator[None]:
    """Simulate a full disk: this process cannot write files larger than `kilobytes`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_publishes_nothing(run: Command, one_model: Path) -> None:
    before = one_model.read_bytes()
    with full_disk(200):  # too small for the copy of the database
        done = run("murmur-1")
    assert "nothing was published" in done.err
    assert done.code == 1
    assert one_model.read_bytes() == before
    republish(one_model)


def test_plain_file_that_cannot_be_copied_is_an_error(tmp_path: Path) -> None:
    make(tmp_path / "w.duckdb", 1)
    with (
        full_disk(4),
        pytest.raises(UsageError, match=r"w\.duckdb cannot be written: File too large: "),
        DuckDBWarehouse(tmp_path / "w.duckdb").lock(),
    ):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["w.duckdb"]


@pytest.mark.usefixtures("unchecked")
def test_disk_that_fills_up_at_the_checkpoint_publishes_nothing(
    run: Command, workdir: Path
) -> None:
    with full_disk(640):  # fits a new database and the write-ahead log, not the rows
        done = run("--all")
    assert "nothing was published" in done.err
    assert f'in "{workdir}/.llm_stats": File too large' in done.err
    assert "/work/" not in done.err
    assert done.code == 1
    assert not (workdir / "llm_stats.duckdb").exists()
    second = run("--all")
    assert "14 loaded; 1 request in" in second.out, "only the catalog is requested again"
    assert second.code == 0


def test_rejection_keeps_its_reason_without_the_file(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    with warehouse.lock(), warehouse.working_copy() as copy:
        warehouse.rejected.write_text("a file")
        assert str(warehouse.quarantine(copy, CheckFailed("reason"))).startswith(
            "reason\nthe rejected file is kept at "
        )
        message = str(warehouse.quarantine(copy, CheckFailed("reason")))
        assert message.startswith("reason\nthe rejected file could not be kept: "), (
            "the first call moved the file away"
        )


def test_disk_error_names_the_folder(
    run: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, folder = workdir / "llm_stats.duckdb", workdir / ".llm_stats"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "snapshots").touch()  # instead of a folder without write permission
    with pytest.raises(LoadFailed) as error:
        republish(database)
    assert str(error.value) == (
        f"{database}: Not a directory: {folder}/snapshots; nothing was published"
    )

    copy = DuckDBWorkingCopy(folder / "work" / "1")
    denied = PermissionError(errno.EACCES, "Permission denied", str(copy.path), None, "/other/file")
    assert copy.describe_error(denied) == "Permission denied: /other"

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("llm_stats.load.source.to_pages", fail)
    done = run("murmur-1")
    assert done.err == (
        f"llm-stats: loading failed in step extract: No space left on device: {folder}; "
        "nothing was published\n"
    )
    assert done.code == 1
