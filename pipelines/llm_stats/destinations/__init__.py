"""Warehouses on other SQL engines, and the choice between them and the DuckDB file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llm_stats.errors import UsageError
from llm_stats.warehouse.reader import Reader

if TYPE_CHECKING:
    from llm_stats.settings import Settings, WarehouseLocation
    from llm_stats.warehouse.base import Warehouse

DUCKDB = "duckdb"


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse that a run writes to. Raises `UsageError` for a destination that is none, or whose credentials are missing."""
    if settings.destination == DUCKDB:
        from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

        return DuckDBWarehouse(settings.database, settings.keep_snapshots)
    from llm_stats.destinations.connection import Destination
    from llm_stats.destinations.warehouse import DestinationWarehouse

    return DestinationWarehouse(Destination(settings.destination), settings.database)


def require_duckdb_file(place: WarehouseLocation) -> Path:
    """The path of the published file, there or not. Raises `UsageError` if it is not a file that holds the warehouse."""
    if place.destination != DUCKDB:
        instead = f"the means of {place.destination} (backups, exports, time travel) take its place"
        raise UsageError(f"the destination is {place.destination}, and this command is for a file of DuckDB's; {instead}")
    return place.database


def open_reader(place: WarehouseLocation) -> Reader:
    """What is published there, for reading. Raises `UsageError` if nothing is, or it cannot be reached."""
    if place.destination == DUCKDB:
        return Reader(place.database)
    from llm_stats.destinations.connection import Destination
    from llm_stats.destinations.reader import DestinationReader

    return DestinationReader.of(Destination(place.destination), place.database)
