"""Warehouse with one table of one row, so small that a test can publish hundreds of them."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import duckdb
from llm_stats.transform.migrate import SCHEMA_VERSION
from llm_stats.warehouse.snapshots import Snapshots
from support.queries import query_rows


def make(file: Path, value: int) -> Path:
    """Create a warehouse whose only table holds the value."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_content(value))
    return file


@functools.cache
def _content(value: int) -> bytes:
    """Return the content of a warehouse file, because opening DuckDB takes 20 ms."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "w.duckdb"
        with duckdb.connect(file) as connection:
            connection.execute(
                "create schema history; create table history.schema_version as select "
                f"{SCHEMA_VERSION} as version"
            )
            connection.execute(f"create table t as select {value} as x")
        return file.read_bytes()


def stored_value(database: Path) -> int:
    """Return the only value in a tiny warehouse."""
    return int(query_rows(database, "select x from t")[0][0])


def publish(snapshots: Snapshots, tmp_path: Path, *values: int) -> None:
    for value in values:
        snapshots.publish(
            make(tmp_path / "work" / str(value) / "w.duckdb", value), f"20260101T000000.{value:06}Z"
        )


def live_folder(published: Path) -> Path:
    return published.resolve().parent
