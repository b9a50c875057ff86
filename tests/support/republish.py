"""Publishing an unchanged copy of a published file."""

from __future__ import annotations

from pathlib import Path

from llm_stats.warehouse.duckdb_file import DuckDBWarehouse


def republish(database: Path) -> None:
    """Publish an unchanged copy of the file, like a run that loads nothing."""
    warehouse = DuckDBWarehouse(database)
    with warehouse.lock(), warehouse.working_copy() as copy:
        copy.close()
        warehouse.publish(copy)
