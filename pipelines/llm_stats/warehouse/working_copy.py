"""The working copy: a database file of this run alone, in a folder of its own, until it is published or thrown away.

.llm_stats/work/<id>/llm_stats.duckdb     the copy, under this name whatever the published file is called
.llm_stats/work/<id>/incoming.duckdb      what dlt loaded in this run
.llm_stats/work/<id>/dlt/                 dlt's own working folder
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from llm_stats.connection import transaction
from llm_stats.load import loader, merge
from llm_stats.text import sql_literal
from llm_stats.transform import apply, files
from llm_stats.warehouse.reader import MaterializedReader, Reader

if TYPE_CHECKING:
    from llm_stats.schema.fetch import FetchResult

#: DuckDB 1.4 and later read this, for BI drivers lag behind; small blocks make a small warehouse a fifth of the size.
_STORAGE = "storage_version 'v1.4.0', block_size 16384"
#: How DuckDB names the storage version of such a file.
_STORAGE_TAG = "v1.4.0+"

#: The share of free blocks from which on a file is written anew.
_MAX_FREE_RATIO = 0.2


class DuckDBWorkingCopy:
    """A database file that nobody else has open.

    Whatever is written ends with a checkpoint of its own: the one that DuckDB makes when it closes a file fails without a word on a full
    disk, and leaves what was written in a log that is not published.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "llm_stats.duckdb"
        self._incoming = folder / "incoming.duckdb"

    def create(self) -> None:
        """An empty file in the storage version that readers need."""
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_literal(str(self.path))} as new ({_STORAGE})")

    def define(self) -> None:
        """Makes its tables, views and macros what this version says, unless they are. Nothing of that waits for an answer."""
        digest = apply.fingerprint(files.in_build_order(), "duckdb")
        with duckdb.connect(self.path) as connection, transaction(connection):
            if _stored_fingerprint(connection) != digest:
                merge.create_raw_tables(connection)
                apply.create_views(connection)
                apply.save_fingerprint(connection, digest)

    def load(self, answers: Iterable[FetchResult]) -> str:
        """Loads what answers bring into a database beside this one; the id of the load. Raises `LoadFailed`."""
        loader.disable_dlt_side_effects()
        from dlt.destinations import duckdb as destination

        return loader.load(answers, self.path.parent / "dlt", destination(str(self._incoming)), "raw")

    def build(self, load_id: str) -> None:
        """Takes over what was loaded, with the history that follows from it; then gives back the room that is left over."""
        with duckdb.connect(self.path) as connection:
            connection.execute(f"attach {sql_literal(str(self._incoming))} as incoming (read_only)")
            with transaction(connection):
                merge.merge_incoming(connection, load_id, "incoming.raw")
                merge.copy_dlt_tables(connection, "incoming.raw")
                apply.update_history(connection)
            connection.execute("checkpoint")
        self.compact()

    def reader(self) -> Reader:
        """What this run is about to publish."""
        return Reader(self.path)

    def open_for_checks(self) -> Reader:
        """The same, for the checks."""
        return MaterializedReader(self.path)

    def quarantine(self, path: Path) -> str:
        """Moves the file to where somebody may look at it; says so. Raises `OSError`."""
        return f"the refused file is kept at {self.path.rename(path)}"

    def compact(self) -> None:
        """Writes the file anew if much of it is room that updates left behind, or if its storage is too new for readers.

        DuckDB uses free room again, but never gives it back.
        """
        with duckdb.connect(self.path, read_only=True) as connection:
            total, free = connection.execute("select total_blocks, free_blocks from pragma_database_size()").fetchall()[0]
            named = "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
            storage = connection.execute(named).fetchall()[0][0]
        if free <= _MAX_FREE_RATIO * total and storage == _STORAGE_TAG:
            return
        roomy = self.path.rename(self.path.with_name("roomy"))
        self.create()
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_literal(str(roomy))} as roomy (read_only)")
            connection.execute(f"attach {sql_literal(str(self.path))} as compact")
            connection.execute("copy from database roomy to compact")
            connection.execute("checkpoint compact")
        roomy.unlink()


def _stored_fingerprint(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What the definitions of a file were made from; None if it is new, or of an older version."""
    there = "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'sql_fingerprint'"
    if not connection.execute(there).fetchall()[0][0]:
        return None
    return str(connection.execute(apply.FINGERPRINT_QUERY).fetchall()[0][0])
