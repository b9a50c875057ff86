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

from llm_stats.load import loader, merge
from llm_stats.queries.checks import ComputedOnce
from llm_stats.transform import definitions, files
from llm_stats.warehouse.reader import Reader

if TYPE_CHECKING:
    from llm_stats.api.client import Answer

#: DuckDB 1.4 and later read this, for BI drivers lag behind; small blocks make a small warehouse a fifth of the size.
_STORAGE = "storage_version 'v1.4.0', block_size 16384"
#: How DuckDB names the storage version of such a file.
_STORAGE_TAG = "v1.4.0+"

#: The share of free blocks from which on a file is written anew.
_MOST_FREE = 0.2


class WorkingCopy:
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
            connection.execute(f"attach {files.literal(str(self.path))} as new ({_STORAGE})")

    def define(self) -> None:
        """Makes its tables, views and macros what this version says, unless they are. Nothing of that waits for an answer."""
        digest = definitions.digest(files.in_order(), "duckdb")
        with duckdb.connect(self.path) as connection, files.transaction(connection):
            if _noted(connection) != digest:
                merge.define(connection)
                files.define(connection)
                definitions.note(connection, digest)

    def load(self, answers: Iterable[Answer]) -> str:
        """Loads what answers bring into a database beside this one; the id of the load. Raises `LoadFailed`."""
        loader.quiet()
        from dlt.destinations import duckdb as destination

        return loader.load(answers, self.path.parent / "dlt", destination(str(self._incoming)), "main")

    def build(self, load_id: str) -> None:
        """Takes over what was loaded, with the history that follows from it; then gives back the room that is left over."""
        with duckdb.connect(self.path) as connection:
            connection.execute(f"attach {files.literal(str(self._incoming))} as {merge.INCOMING} (read_only)")
            with files.transaction(connection):
                merge.fill(connection, load_id)
                files.update_history(connection)
            connection.execute("checkpoint")
        self.compact()

    def reader(self) -> Reader:
        """What this run is about to publish."""
        return Reader(self.path)

    def checks_reader(self) -> Reader:
        """The same, for the checks."""
        return ComputedOnce(self.path)

    def keep(self, path: Path) -> str:
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
        if free <= _MOST_FREE * total and storage == _STORAGE_TAG:
            return
        roomy = self.path.rename(self.path.with_name("roomy"))
        self.create()
        with duckdb.connect() as connection:
            connection.execute(f"attach {files.literal(str(roomy))} as roomy (read_only)")
            connection.execute(f"attach {files.literal(str(self.path))} as compact")
            connection.execute("copy from database roomy to compact")
            connection.execute("checkpoint compact")
        roomy.unlink()


def _noted(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What the definitions of a file were made from; None if it is new, or of an older version."""
    there = "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'defined_by'"
    if not connection.execute(there).fetchall()[0][0]:
        return None
    return str(connection.execute(definitions.NOTED).fetchall()[0][0])
