"""Publishing a copy of a published file, like a run that loads nothing."""

from __future__ import annotations

from pathlib import Path

from llm_stats.warehouse.duckdb_file import DuckDBWarehouse


def republish(database: Path) -> None:
    """Copy the file under the lock, as each run does, and publish the copy unchanged."""
    warehouse = DuckDBWarehouse(database)
    with warehouse.lock(), warehouse.working_copy() as copy:
        copy.close()
        warehouse.publish(copy)
