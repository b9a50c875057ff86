"""The warehouse as a DuckDB file, and the folder next to it.

llm_stats.duckdb                  published path: symlink to the live snapshot (see `snapshots`)
.llm_stats/snapshots/<id>/        published snapshots
.llm_stats/work/<id>/             the working copy (see `working_copy`)
.llm_stats/rejected/              the last working copy that a check rejected, and the reason
.llm_stats/lock, holder.json      lock: one run at a time (see `runs`)
.llm_stats/last_failure.json      the error of the last run, if it failed (see `runs`)
.llm_stats/responses.sqlite       responses that no run has published yet (see `fetch.cache`)
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import logging
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from llm_stats.connection import QueryError, interruptible
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from llm_stats.files import has_files, normalize_path, require_replaceable, temp_folder
from llm_stats.text import format_command
from llm_stats.warehouse import runs
from llm_stats.warehouse.base import WorkingCopy
from llm_stats.warehouse.duckdb_reader import require_file
from llm_stats.warehouse.reader import SCHEMAS
from llm_stats.warehouse.snapshot import files_folder, has_snapshots, is_id, new_id
from llm_stats.warehouse.snapshots import Snapshots
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy

#: Characters in a path that dlt interprets as parts of a URL, of a pattern or of SQL.
_UNLOADABLE_CHARACTERS = re.compile(r"[%?\\'=\x00-\x1f\x7f]")
_CHARACTER_NAMES = {
    "%": "a percent sign",
    "?": "a question mark",
    "\\": "a backslash",
    "'": "a quote",
    "=": "an equals sign",
}


class DuckDBWarehouse:
    """A warehouse in one DuckDB file, and the folder next to the file."""

    destination = ""

    def __init__(self, database: Path, keep_snapshots: int = 3) -> None:
        self.database = normalize_path(database)
        self.folder = files_folder(self.database)
        self.cache = self.folder / "responses.sqlite"
        self.snapshots = Snapshots(self.database, self.folder, keep_snapshots)
        self.rejected = self.folder / "rejected"
        self.last_failure = self.folder / "last_failure.json"
        self._work = self.folder / "work"

    @contextlib.contextmanager
    def lock(self, *, even_if_broken: bool = False) -> Iterator[None]:
        """Hold the lock for one run; the operating system releases it when the process ends.

        An error of the block is stored in the file `last_failure`. With `even_if_broken`, the
        published file may be unreadable, and no error is stored. Raises `Locked`, which names the
        holder. Raises `UsageError` if the path cannot be used for a warehouse.
        """
        self._require_name()
        if not even_if_broken:
            self._require_usable()
        self.ensure_writable_folder()
        recording = (
            contextlib.nullcontext() if even_if_broken else runs.record_failure(self.last_failure)
        )
        with runs.lock(self.folder, self.database), recording:
            for leftover in self._work.glob("*"):  # left by killed runs
                if is_id(leftover.name):
                    shutil.rmtree(leftover, ignore_errors=True)
            self.snapshots.prune()
            yield

    @contextlib.contextmanager
    def working_copy(self) -> Iterator[DuckDBWorkingCopy]:
        """Yield the working copy: a private copy of the published database, or a new database.

        DuckDB opens only the copy. A run therefore works even if another program has the published
        file open for writing. The working copy is deleted at the end unless it was published.

        Raises `UsageError` if the copy is not a warehouse, and `LoadFailed` for errors of the disk
        or of DuckDB inside the block.
        """
        folder = self._work / new_id()
        copy = DuckDBWorkingCopy(folder)
        try:
            folder.mkdir(parents=True)
            if self.database.exists():
                copy.copy_source(self.database)
                self._warn_if_changed()
            else:
                copy.create()
            with interruptible():
                yield copy
        except (OSError, duckdb.Error, QueryError) as error:
            cause = copy.describe_error(error)
            raise LoadFailed(f"{self.database}: {cause}; nothing was published") from error
        finally:
            copy.close()
            shutil.rmtree(folder, ignore_errors=True)

    def way_back(self, time: dt.datetime) -> str:
        older = [snapshot.id for snapshot in self.snapshots.line() if snapshot.id < new_id(time)]
        if not older:
            return 'correct the stored times (docs/operations.md, "Wrong clock")'
        return f"run {format_command(f'rollback --to {older[0]}', self.database)}"

    def quarantine(self, copy: WorkingCopy, failure: CheckFailed) -> CheckFailed:
        """Replace the content of `rejected/` with the rejected working copy and the reason.

        Return `failure` with one more line: the location of the working copy.
        """
        try:
            if self.rejected.is_dir() and not self.rejected.is_symlink():
                shutil.rmtree(self.rejected)
            else:
                self.rejected.unlink(missing_ok=True)
            self.rejected.mkdir()
            (self.rejected / "reason.txt").write_text(f"{failure}\n", "utf-8")
            line = copy.quarantine(self.rejected / self.database.name)
        except OSError as error:
            line = f"the rejected file could not be kept: {error}"
        return CheckFailed(f"{failure}\n{line}")

    def publish(self, copy: DuckDBWorkingCopy) -> None:
        """Make the working copy the published database, in one atomic step. Raises `LoadFailed`."""
        self.snapshots.publish(copy.path, copy.id)

    def ensure_writable_folder(self) -> None:
        """Create the folder next to the database.

        Raises `UsageError` if the folder is not writable or contains files that are not from
        llm-stats, or if the file system lacks features that publishing needs.
        """
        folder = self.database.parent
        try:
            if not folder.exists():
                raise UsageError(
                    f"{self.database} cannot be written: there is no folder {folder}; "
                    "create it, or name another file with --database"
                )
            require_replaceable(folder)
            folder = self.folder
            folder.mkdir(parents=True, exist_ok=True)
            if (
                has_files(self.folder)
                and not (self.folder / runs.LOCK).exists()
                and not self.snapshots.all()
            ):
                raise UsageError(
                    f"{self.database} needs the folder {self.folder}, which contains files that "
                    "are not from llm-stats; choose another name for the database"
                )
            require_replaceable(folder)
        except OSError as error:
            raise self._not_writable(folder, error) from None

    def _warn_if_changed(self) -> None:
        live = self.snapshots.live()
        if live and live.is_changed():
            older = self.snapshots.line()[1:]
            command = format_command(f"rollback --to {older[0].id}", self.database) if older else ""
            remedy = f"; {command} returns to an earlier state" if older else ""
            logging.getLogger(__name__).warning(
                f"{self.database} was changed by another program after it was published; "
                f"the run continues from the changed file{remedy}"
            )

    def _not_writable(self, folder: Path, error: OSError) -> UsageError:
        remedy = (
            "free some disk space"
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else "use a writable folder, or name another file with --database"
        )
        return UsageError(
            f"{self.database} cannot be written: {error.strerror}: {folder}; {remedy}"
        )

    def _require_name(self) -> None:
        """Raise `UsageError`, before any request, for a path that DuckDB or dlt would misread."""
        stem = self.database.stem
        if match := _UNLOADABLE_CHARACTERS.search(str(self.database)):
            name = _CHARACTER_NAMES.get(match[0], "a control character")
            raise UsageError(f"{self.database}: dlt cannot load into a path that contains {name}")
        if stem.lower() in SCHEMAS or stem == ".":
            raise UsageError(
                f"{self.database}: the file cannot be called {stem!r}, because DuckDB would "
                "confuse it with a schema name; choose another name, such as llm_stats.duckdb"
            )

    def _require_usable(self) -> None:
        """Raise `UsageError` for an unusable published file; a new database is accepted.

        If the folder next to the file does not exist yet, also check that the file is a warehouse.
        Without this check, a run would create the folder next to another program's file.
        """
        if not os.path.lexists(self.database) and not has_snapshots(self.database):
            return
        require_file(self.database)
        if not self.folder.exists():
            try:
                with temp_folder(self.database.parent) as folder:
                    copy = DuckDBWorkingCopy(folder)
                    copy.copy_source(self.database)
                    copy.close()
            except OSError as error:
                raise self._not_writable(self.database.parent, error) from None
        wal = self.database.with_name(f"{self.database.name}.wal")
        if wal.exists() and not self.database.is_symlink():
            raise UsageError(
                f"{wal} contains changes that are not in the database yet; "
                "to keep them, open and close the database with DuckDB once; "
                f"to discard them, remove {wal}"
            )
