"""The working copy: a private database file of one run, until it is published or discarded.

.llm_stats/work/<id>/llm_stats.duckdb     the database; the published file may have another name
.llm_stats/work/<id>/incoming.duckdb      the data that dlt loaded in this run
.llm_stats/work/<id>/dlt/                 dlt's working folder
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from llm_stats.connection import DuckDBConnection, QueryError, transaction
from llm_stats.errors import UsageError
from llm_stats.load import loader
from llm_stats.load.merge import copy_dlt_tables, merge_incoming
from llm_stats.schema.catalog import CatalogLoad
from llm_stats.schema.fetch import FetchResult
from llm_stats.text import sql_literal
from llm_stats.transform import apply, migrate
from llm_stats.transform.checks import Scope, due_scope
from llm_stats.warehouse.base import FetchState
from llm_stats.warehouse.duckdb_reader import (
    DuckDBReader,
    MaterializedReader,
    cannot_open,
    remedy,
)
from llm_stats.warehouse.reader import Reader

#: BI drivers often contain an older DuckDB; DuckDB 1.4 can read this storage version. With
#: DuckDB's default block size, a small file would be five times as large.
_STORAGE = "storage_version 'v1.4.0', block_size 16384"
#: DuckDB's name of the storage version in `_STORAGE`.
_STORAGE_TAG = "v1.4.0+"

#: A file is compacted if its free blocks exceed both this share of all blocks and this size.
_MAX_FREE_RATIO = 0.2
_MAX_FREE_BYTES = 2 * 2**20


class DuckDBWorkingCopy:
    """A database file in a separate folder; the folder's name becomes the id of the snapshot.

    One connection is open from the first step to the end of `update_history`, so that data stays in
    memory between steps. The connection is closed before a reader opens the file.
    """

    def __init__(self, folder: Path) -> None:
        self.id = folder.name
        self.path = folder / "llm_stats.duckdb"
        self._source = self.path
        self._incoming = folder / "incoming.duckdb"
        self._open_connection: duckdb.DuckDBPyConnection | None = None

    def create(self) -> None:
        """Create an empty file in the storage version that readers need."""
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_literal(str(self.path))} as new ({_STORAGE})")

    def copy_source(self, source: Path) -> None:
        """Copy the published file `source` and open the copy.

        Raises `UsageError` if the copy is not a warehouse or its schema version is not supported.
        """
        self._source = source
        try:
            shutil.copyfile(source, self.path)
        except PermissionError as error:
            raise UsageError(f"{source} cannot be read: {error.strerror}") from None
        try:
            version = migrate.schema_version(DuckDBConnection(self._connection))
        except (duckdb.Error, QueryError) as error:
            raise cannot_open(source, error, self.path) from None
        if version is None:
            raise UsageError(
                f"{source} is a DuckDB database but not an llm-stats warehouse; {remedy(source)}"
            )
        migrate.require_migratable(version, str(source))

    def migrate(self) -> bool:
        with transaction(self._connection):
            return migrate.migrate(DuckDBConnection(self._connection))

    def fetch_state(self) -> FetchState:
        """Return the state that determines which models a run requests.

        Raises `UsageError` for a damaged published file.
        """
        try:
            return FetchState.read(DuckDBConnection(self._connection))
        except QueryError as error:
            cause = str(error).splitlines()[0]
            raise UsageError(
                f"{self._source} is damaged: {cause}; {remedy(self._source)}"
            ) from None

    def create_views(self) -> None:
        with transaction(self._connection):
            apply.create_views(DuckDBConnection(self._connection), self.id)

    def load(self, results: Iterable[FetchResult], catalog: CatalogLoad | None = None) -> str:
        from dlt.destinations import duckdb as destination

        # dlt opens the file for each step; while it is open here, DuckDB does not read it again
        with duckdb.connect(self._incoming):
            return loader.load(
                results,
                catalog,
                self.path.parent / "dlt",
                destination(str(self._incoming)),
                "raw",
                format_error=self.describe_error,
            )

    def merge(self, load_id: str) -> None:
        self._connection.execute(
            f"attach {sql_literal(str(self._incoming))} as incoming (read_only)"
        )
        with transaction(self._connection):
            merge_incoming(DuckDBConnection(self._connection), load_id, "incoming.raw")
            copy_dlt_tables(DuckDBConnection(self._connection), "incoming.raw")

    def update_history(self, now: dt.datetime) -> Scope:
        """Write the changes into `history`; then checkpoint, compact and close the file.

        Return which models the checks must cover.

        On a full disk, DuckDB's own checkpoint at closing fails silently. An explicit checkpoint
        raises an error instead.
        """
        with transaction(self._connection):
            apply.update_history(DuckDBConnection(self._connection))
            scope = due_scope(DuckDBConnection(self._connection), now)
        self._connection.execute("checkpoint")
        self.compact()
        return scope

    def describe_error(self, error: BaseException) -> str:
        """Describe a disk or DuckDB error in one line, with the affected folder.

        The working copy is deleted after an error, so the message names `.llm_stats` instead.
        """
        work = self.path.parent
        folder = work.parents[1]
        if isinstance(error, OSError):
            affected = Path(str(error.filename2 or error.filename or self.path)).parent
            named = folder if affected.is_relative_to(work) else affected
            return f"{error.strerror or error}: {named}"
        cause = (str(error) or type(error).__name__).splitlines()[0]
        return re.sub(rf'"{re.escape(str(work))}[^"]*"', lambda _: f'in "{folder}"', cause)

    def close(self) -> None:
        if self._open_connection is not None:
            self._open_connection.close()
            self._open_connection = None

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._open_connection is None:
            self._open_connection = duckdb.connect(self.path)
        return self._open_connection

    def open_reader(self) -> Reader:
        return DuckDBReader(self.path)

    def open_for_checks(self, load_id: str | None = None) -> Reader:
        return MaterializedReader(self.path, load_id)

    def quarantine(self, path: Path) -> str:
        return f"the rejected file is kept at {self.path.rename(path)}"

    def compact(self) -> None:
        """Close the file; rewrite it if much of it is unused, or if its storage version differs.

        DuckDB reuses free space but never returns it to the file system. After a checkpoint, DuckDB
        reports fewer free blocks than the file contains, so the file is detached and attached
        again. Opening it with a new connection would take much longer.
        """
        connection = self._connection
        connection.execute("attach ':memory:' as empty")
        connection.execute("use empty")
        connection.execute(f"detach {self.path.stem}")
        connection.execute(f"attach {sql_literal(str(self.path))} as old (read_only)")
        query = """
            select total_blocks, free_blocks, block_size, tags['storage_version']
            from pragma_database_size()
            inner join duckdb_databases() using (database_name)
            where database_name = 'old'
        """
        ((total, free, block_size, storage),) = connection.execute(query).fetchall()
        is_rewritten = storage != _STORAGE_TAG or has_much_free_space(total, free, block_size)
        compact = self.path.with_name("compact")
        if is_rewritten:
            connection.execute(f"attach {sql_literal(str(compact))} as compact ({_STORAGE})")
            connection.execute("copy from database old to compact")
            connection.execute("checkpoint compact")
        self.close()
        if is_rewritten:
            compact.replace(self.path)


def has_much_free_space(total: int, free: int, block_size: int) -> bool:
    """Return whether compacting a file is worth it: of `total` blocks, `free` are unused."""
    return free > _MAX_FREE_RATIO * total and free * block_size > _MAX_FREE_BYTES
