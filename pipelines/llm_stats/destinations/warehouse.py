"""A warehouse in the schemas of a SQL engine.

    incoming                            data that dlt loaded in the last run, published or not
    raw, staging, history, marts        the published warehouse
    .llm_stats/, a local folder         lock, response cache, failed checks

A run is published in one transaction: readers see the whole run or none of it. If a run is
killed, the engine rolls back its transaction.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from llm_stats.connection import Connection, QueryError
from llm_stats.destinations.base import Destination, RunLock
from llm_stats.destinations.connection import DestinationConnection, connect
from llm_stats.destinations.reader import DestinationReader, require_own_schemas
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from llm_stats.load import loader
from llm_stats.load.merge import INCOMING, copy_dlt_tables, merge_incoming
from llm_stats.schema.catalog import CatalogLoad
from llm_stats.schema.fetch import FetchResult
from llm_stats.transform import apply, migrate
from llm_stats.transform.checks import Scope, due_scope
from llm_stats.warehouse import runs
from llm_stats.warehouse.base import FetchState
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.snapshot import new_id


class DestinationWarehouse:
    """A warehouse on an engine other than DuckDB.

    The local files are in a folder next to the path `database`, which need not exist.
    """

    def __init__(self, destination: Destination, database: Path) -> None:
        self.destination = destination.location
        self._destination = destination
        self._local = DuckDBWarehouse(database)
        self.database = self._local.database
        self.cache = self._local.cache
        self._work = self._local.folder / "work"
        self._lock: RunLock | None = None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the local lock file for one run, and the engine's lock if there is one.

        The engine's lock also excludes runs on other machines. Raises `Locked` if another run
        holds one of the locks. Raises `UsageError` if the engine cannot be reached, or if its
        schemas contain other objects (see `require_own_schemas`).
        """
        self._local.ensure_writable_folder()
        with (
            runs.lock(self._local.folder, self.destination),
            self._destination.run_lock() as self._lock,
        ):
            shutil.rmtree(self._work, ignore_errors=True)  # left by killed runs
            with connect(self._destination) as connection:
                version = require_own_schemas(connection)
                if version is not None:
                    migrate.require_migratable(version, self.destination)
                self._destination.require_privileges(connection)
            yield

    @contextlib.contextmanager
    def working_copy(self) -> Iterator[DestinationWorkingCopy]:
        """Yield a working copy. Without `publish`, its transaction is rolled back.

        Raises `LoadFailed` if the disk or the engine fails inside the block.
        """
        folder = self._work / new_id()
        try:
            folder.mkdir(parents=True)
            with connect(self._destination) as connection:
                copy = DestinationWorkingCopy(connection, folder, self.database)
                try:
                    yield copy
                except UsageError as error:
                    if not copy.has_begun:
                        raise
                    # the user cannot correct an error in our own working copy; the outer
                    # `except` converts the `QueryError` to `LoadFailed`
                    raise QueryError(str(error)) from error
        except (OSError, QueryError) as error:
            raise LoadFailed(f"{self.destination}: {error}; nothing was published") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def way_back(self, time: dt.datetime) -> str:
        return 'correct the times in the database: see "Wrong clock" in docs/destinations.md'

    def quarantine(self, copy: DestinationWorkingCopy, failure: CheckFailed) -> CheckFailed:
        """Store the failed checks in a local file; the rejected data stays in `incoming`."""
        return self._local.quarantine(copy, failure)

    def publish(self, copy: DestinationWorkingCopy) -> None:
        """Commit the transaction. Raises `LoadFailed` if the lock or the connection was lost."""
        if self._lock and not self._lock.is_held():
            raise LoadFailed(
                f"{self.destination}: the connection that held the lock was lost; "
                "nothing was published"
            )
        try:
            copy.connection.commit()
        except QueryError as error:
            raise LoadFailed(
                f"{self.destination}: {error}, while publishing; "
                "`llm-stats status` shows whether the run was published"
            ) from None


class DestinationWorkingCopy:
    """The next state of the warehouse, inside a transaction.

    Migrating tables and creating views take exclusive locks, which would block readers during the
    fetch. `migrate` and `create_views` therefore only queue a step. After the fetch, `merge` or
    `update_history` begins the transaction and executes the queued steps.
    """

    def __init__(self, connection: DestinationConnection, folder: Path, database: Path) -> None:
        self.id = folder.name
        self.connection = connection
        self._folder = folder
        self._database = database
        self._queued: list[Callable[[Connection], object]] = []
        self.has_begun = False

    def migrate(self) -> bool:
        self._queued.append(migrate.migrate)
        return migrate.is_older(migrate.schema_version(self.connection))

    def fetch_state(self) -> FetchState:
        return FetchState.read(self.connection)

    def create_views(self) -> None:
        self._queued.append(lambda connection: apply.create_views(connection, self.id))

    def load(self, results: Iterable[FetchResult], catalog: CatalogLoad | None = None) -> str:
        """Load fetch results and the catalog into `incoming`, replacing an earlier run's data.

        Raises `LoadFailed`.
        """
        destination = self.connection.destination
        self.connection.drop_incoming()
        return loader.load(
            results,
            catalog,
            self._folder / "dlt",
            destination.factory,
            INCOMING,
            file_format=destination.loader_file_format,
            format_error=destination.sanitize,
        )

    def merge(self, load_id: str) -> None:
        self._begin()
        merge_incoming(self.connection, load_id)
        copy_dlt_tables(self.connection)

    def update_history(self, now: dt.datetime) -> Scope:
        self._begin()
        apply.update_history(self.connection)
        return due_scope(self.connection, now)

    def _begin(self) -> None:
        """Begin the transaction on the first call, and execute the queued steps."""
        if not self.has_begun:
            self.has_begun = True
            self.connection.begin()
            for step in self._queued:
                step(self.connection)

    def open_reader(self) -> DestinationReader:
        return DestinationReader(self.connection, self._database)

    def open_for_checks(self, load_id: str | None = None) -> DestinationReader:
        return self.open_reader()

    def quarantine(self, path: Path) -> str:
        """Return a line that states the location of the rejected data.

        The transaction is rolled back, but the loaded data stays in `incoming`.
        """
        location = self.connection.destination.location
        return f"the loaded data stays in the schema {INCOMING} of {location} until the next run"
