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
    file.write_bytes(_empty())
    with duckdb.connect(file) as connection:
        yield RawTables(connection, is_defined=True)


def keep_snapshots(file: Path, *snapshot_ids: str) -> None:
    """Copy a warehouse file into published snapshots with these ids."""
    for snapshot_id in snapshot_ids:
        kept = files_folder(file) / FOLDER / snapshot_id
        kept.mkdir(parents=True)
        Snapshot(shutil.copyfile(file, kept / file.name)).mark_published()


@functools.cache
def _empty() -> bytes:
    """Return the bytes of an empty warehouse file; cached, because creating the views is slow."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "w.duckdb"
        with duckdb.connect(file) as connection:
            RawTables(connection).apply()
        return file.read_bytes()
