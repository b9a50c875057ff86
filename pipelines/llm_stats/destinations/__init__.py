"""Warehouses on SQL engines other than DuckDB, and functions that open the configured warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llm_stats.errors import UsageError
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader

if TYPE_CHECKING:
    from llm_stats.destinations.base import Destination
    from llm_stats.settings import Settings, WarehouseLocation
    from llm_stats.warehouse.base import Warehouse

DUCKDB = "duckdb"


def open_warehouse(settings: Settings) -> Warehouse:
    """Return the warehouse that a run writes to.

    Raises `UsageError` for an unknown destination or missing credentials.
    """
    if settings.destination == DUCKDB:
        from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

        return DuckDBWarehouse(settings.database, settings.keep_snapshots)
    from llm_stats.destinations.warehouse import DestinationWarehouse

    return DestinationWarehouse(_destination(settings.destination), settings.database)


def open_reader(location: WarehouseLocation) -> Reader:
    """Open the published warehouse for reading.

    Raises `UsageError` if nothing was published or the warehouse cannot be reached.
    """
    if location.destination == DUCKDB:
        return DuckDBReader(location.database)
    from llm_stats.destinations.reader import DestinationReader

    return DestinationReader.open(_destination(location.destination), location.database)


def require_duckdb_file(location: WarehouseLocation) -> Path:
    """Return the path of the DuckDB file, whether or not the file exists.

    Raises `UsageError` if the destination is not DuckDB.
    """
    if location.destination != DUCKDB:
        raise UsageError(
            f"the destination is {location.destination}, but this command needs a DuckDB file; "
            f"use {location.destination}'s own backup, export and time travel"
        )
    return location.database


def _destination(name: str) -> Destination:
    """Return the destination of this name, configured from dlt's configuration."""
    try:
        if name == "postgres":
            from llm_stats.destinations.postgres import Postgres

            return Postgres()
        if name == "ducklake":
            from llm_stats.destinations.ducklake import DuckLake

            return DuckLake()
    except ImportError:
        raise UsageError(f"destination {name} needs a driver: pip install 'dlt[{name}]'") from None
    raise UsageError(f"there is no destination {name!r}; choose duckdb, postgres or ducklake")
