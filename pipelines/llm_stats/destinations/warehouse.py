"""A warehouse in the schemas of a SQL engine, and the steps a run takes with it.

    incoming                            what dlt loaded in the last run, whether it was published or not
    raw, staging, history, marts        what is published
    .llm_stats/ beside the database     what stays on this machine: its lock, responses not published yet, why a check refused

All that a run publishes is one transaction of the engine's: others see it whole or not at all, and what a killed run has begun is undone.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from llm_stats.destinations import apply
from llm_stats.destinations import lock as engine_lock
from llm_stats.destinations.connection import Destination, DestinationConnection, DestinationError
from llm_stats.destinations.reader import DestinationReader
from llm_stats.errors import LoadFailed, UsageError
from llm_stats.load import loader, merge
from llm_stats.warehouse import lock
from llm_stats.warehouse.base import FetchState
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.snapshots import new_id

if TYPE_CHECKING:
    from llm_stats.schema.fetch import FetchResult
    from llm_stats.warehouse.reader import Reader


class DestinationWarehouse:
    """The warehouse of one destination; `database` only says where to keep what stays on this machine."""

    def __init__(self, engine: Destination, database: Path) -> None:
        self.destination = engine.name
        self._engine = engine
        self._local = DuckDBWarehouse(database)
        self.database = self._local.database
        self.cache = self._local.cache
        self._work = self._local.folder / "work"
        self._lock: engine_lock.Lock | None = None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the warehouse for one run, against the others of this machine and, if the engine has a lock, against all.

        Raises `Locked`, naming the holder, or `UsageError` if the engine cannot be reached or holds something else.
        """
        self._local.ensure_writable_folder()
        with lock.held(self._local.folder, self.destination), engine_lock.held(self._engine) as self._lock:
            shutil.rmtree(self._work, ignore_errors=True)  # what a killed run left behind
            with self._engine.session() as session:
                apply.require_own_schemas(session)
                apply.require_rights(session)
            yield

    def fetch_state(self) -> FetchState:
        """What is published; nothing if there is nothing."""
        with self._engine.session() as session:
            return FetchState.read(DestinationReader(session, self.database)) if apply.schema_version(session) else FetchState()

    @contextlib.contextmanager
    def working_copy(self) -> Iterator[DestinationWorkingCopy]:
        """A transaction that is undone unless it is published. Raises `LoadFailed` for what the engine refuses meanwhile."""
        folder = self._work / new_id()
        try:
            folder.mkdir(parents=True)
            with self._engine.session() as session:
                yield DestinationWorkingCopy(session, folder, self.database)
        except (OSError, DestinationError, UsageError) as error:  # the last from what reads; it is too late for the caller to mend
            raise LoadFailed(f"{self.destination}: {error}; nothing was published") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def quarantine_on_failure(self, copy: DestinationWorkingCopy) -> contextlib.AbstractContextManager[None]:
        """If a check fails inside, keeps the reason on this machine, and what was loaded where it is."""
        return self._local.quarantine_on_failure(copy)

    def publish(self, copy: DestinationWorkingCopy) -> None:
        """Makes all of it visible at once. Raises `LoadFailed` if the lock was lost on the way, or the connection at the very end."""
        if self._lock:
            self._lock.require()
        try:
            copy.session.commit()
        except DestinationError as error:
            raise LoadFailed(f"{self.destination}: {error}, at the moment of publishing; `llm-stats status` says whether it was") from None


class DestinationWorkingCopy:
    """What a run is about to publish: the view of a transaction."""

    def __init__(self, session: DestinationConnection, folder: Path, database: Path) -> None:
        self.session = session
        self._folder = folder
        self._database = database

    def load(self, answers: Iterable[FetchResult]) -> str:
        """Loads what answers bring into `incoming`, with nothing left there of an earlier run; the id of the load. Raises `LoadFailed`."""
        engine = self.session.engine
        self.session.drop_incoming()
        file_format = "insert_values" if engine.dialect == "postgres" else None  # dlt's other way there takes an empty text for null
        folder = self._folder / "dlt"
        return loader.load(answers, folder, engine.destination, merge.INCOMING, file_format=file_format, format_error=engine.sanitize)

    def build(self, load_id: str) -> None:
        """Makes the views and tables what `sql/` says, and takes over what was loaded: a transaction, as far as the engine has them."""
        if not self.session.engine.has_transactional_ddl:
            apply.create_views(self.session)  # it ends a transaction there
        self.session.begin()
        apply.create_views(self.session)
        merge.merge_incoming(self.session, load_id)
        merge.copy_dlt_tables(self.session)
        apply.update_history(self.session)

    def reader(self) -> Reader:
        """What this run is about to publish."""
        return DestinationReader(self.session, self._database)

    open_for_checks = reader

    def quarantine(self, path: Path) -> str:
        """What was refused is undone; what it was made from is still there."""
        return f"what was loaded stays in the schema {merge.INCOMING} of {self.session.engine.name} until the next run"
