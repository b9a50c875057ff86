"""Warehouses on other SQL engines, and the choice between them and the DuckDB file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llm_stats.errors import UsageError
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader

if TYPE_CHECKING:
    from llm_stats.destinations.connection import Destination
    from llm_stats.settings import Settings, WarehouseLocation
    from llm_stats.warehouse.base import Warehouse

DUCKDB = "duckdb"


def open_warehouse(settings: Settings) -> Warehouse:
    """Return the warehouse that a run writes to. Raises `UsageError` for an unknown destination or missing credentials."""
    if settings.destination == DUCKDB:
        from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

        return DuckDBWarehouse(settings.database, settings.keep_snapshots)
    from llm_stats.destinations.warehouse import DestinationWarehouse

    return DestinationWarehouse(_destination(settings.destination), settings.database)


def open_reader(location: WarehouseLocation) -> Reader:
    """Open what is published there. Raises `UsageError` if nothing is, or if it cannot be reached."""
    if location.destination == DUCKDB:
        return DuckDBReader(location.database)
    from llm_stats.destinations.reader import DestinationReader

    return DestinationReader.open(_destination(location.destination), location.database)


def require_duckdb_file(location: WarehouseLocation) -> Path:
    """Return the path of the published file, whether it exists or not. Raises `UsageError` for another destination."""
    if location.destination != DUCKDB:
        raise UsageError(
            f"the destination is {location.destination}, and this command needs a DuckDB file; "
            f"use {location.destination}'s own backup, export and time travel"
        )
    return location.database


def _destination(name: str) -> Destination:
    """Return the configured destination. Each engine is one class."""
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
