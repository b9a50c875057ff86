"""Warehouse files for tests, made without a run."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from llm_stats.warehouse.snapshot import FOLDER, Snapshot, files_folder
from support.raw_tables import RawTables


@contextmanager
def new_warehouse(file: Path) -> Iterator[RawTables]:
    """Create a warehouse file that has all tables and views and no rows; yield its raw tables."""
    shutil.copyfile(empty_file(), file)
    with duckdb.connect(file) as connection:
        yield RawTables(connection, is_defined=True)


def keep_snapshots(file: Path, *snapshot_ids: str) -> None:
    """Copy a warehouse file into published snapshots with these ids."""
    for snapshot_id in snapshot_ids:
        kept = files_folder(file) / FOLDER / snapshot_id
        kept.mkdir(parents=True)
        Snapshot(shutil.copyfile(file, kept / file.name)).mark_published()


@functools.cache
def empty_file() -> Path:
    """Return the path of a file that has all tables and views and no rows.

    Creating the views takes seconds, so it is done once. In tests, a fixture replaces this function
    so that it is done once for all test processes.
    """
    file = Path(_folder().name) / "w.duckdb"
    with duckdb.connect(file) as connection:
        RawTables(connection).apply()
    return file


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed at the end of the process."""
    return tempfile.TemporaryDirectory()
