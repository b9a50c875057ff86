"""List of snapshots with their age, size and row counts, as `llm-stats snapshots` prints it."""

from __future__ import annotations

import contextlib
import datetime as dt

from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.snapshot import Snapshot
from llm_stats.warehouse.snapshots import Snapshots


def list_snapshots(snapshots: Snapshots) -> Table:
    """Return the snapshots, newest first.

    Columns: `snapshot_id, is_live, age_hours, size_mb, models, offers, scores`. The three counts
    are null if the snapshot cannot be read. `age_hours` is null if a wrong clock gave the
    snapshot a time in the future.
    """
    rows = []
    for snapshot in reversed(snapshots.all()):
        seconds = (dt.datetime.now(dt.UTC) - snapshot.created_at).total_seconds()
        age_hours = round(seconds / 3600, 1) if seconds >= 0 else None
        with contextlib.suppress(FileNotFoundError):  # a run has just deleted the snapshot
            size_mb = round(snapshot.file.stat().st_size / 1e6, 1)
            rows.append((snapshot.id, snapshot.is_live, age_hours, size_mb, *_counts(snapshot)))
    columns = ("snapshot_id", "is_live", "age_hours", "size_mb", "models", "offers", "scores")
    return Table(columns, ("VARCHAR", "BOOLEAN", "DOUBLE", "DOUBLE", *["BIGINT"] * 3), rows)


def _counts(snapshot: Snapshot) -> tuple[int | None, ...]:
    """Return the numbers of models, offers and scores; all None for an unreadable snapshot."""
    tables = ("models", "offers", "scores")
    query = f"select {', '.join(f'(select count(*) from staging.{table})' for table in tables)}"
    try:
        with DuckDBReader(snapshot.file, accept_older=True) as reader:
            return reader.query(query).rows[0]
    except UsageError:
        return (None,) * len(tables)
