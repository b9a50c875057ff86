"""Where a warehouse lives: in a file of DuckDB's, or in the schemas of another engine. The setting `destination` decides, here alone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from llm_stats.errors import UsageError
from llm_stats.warehouse.reader import Reader

if TYPE_CHECKING:
    from llm_stats.api.client import Answer
    from llm_stats.settings import Place, Settings
    from llm_stats.warehouse.base import Known

DUCKDB = "duckdb"


class Copy(Protocol):
    """What a run works on, seen by nobody else until it is published."""

    def load(self, answers: Iterable[Answer]) -> str: ...
    def build(self, load_id: str) -> None: ...
    def reader(self) -> Reader: ...
    def checks_reader(self) -> Reader: ...
    def keep(self, path: Path) -> str: ...


class Home(Protocol):
    """The steps that a run takes with a warehouse, wherever it lives."""

    database: Path
    #: Where an engine has it; empty for a file.
    destination: str
    cache: Path

    def lock(self) -> AbstractContextManager[None]: ...
    def known(self) -> Known: ...
    def working_copy(self) -> AbstractContextManager[Any]: ...
    def keeping_refused(self, copy: Any) -> AbstractContextManager[None]: ...
    def publish(self, copy: Any) -> None: ...


def home(settings: Settings) -> Home:
    """The warehouse that a run writes to. Raises `UsageError` for a destination that is none, or whose credentials are missing."""
    if settings.destination == DUCKDB:
        from llm_stats.warehouse.duckdb_file import Warehouse

        return Warehouse(settings.database, settings.keep_snapshots)
    from llm_stats.destinations.connection import Engine
    from llm_stats.destinations.warehouse import EngineWarehouse

    return EngineWarehouse(Engine(settings.destination), settings.database)


def file(place: Place) -> Path:
    """The path of the published file, there or not. Raises `UsageError` if it is not a file that holds the warehouse."""
    if place.destination != DUCKDB:
        instead = f"the means of {place.destination} (backups, exports, time travel) take its place"
        raise UsageError(f"the destination is {place.destination}, and this command is for a file of DuckDB's; {instead}")
    return place.database


def reader(place: Place) -> Reader:
    """What is published there, for reading. Raises `UsageError` if nothing is, or it cannot be reached."""
    if place.destination == DUCKDB:
        return Reader(place.database)
    from llm_stats.destinations.connection import Engine
    from llm_stats.destinations.reader import EngineReader

    return EngineReader.of(Engine(place.destination), place.database)
