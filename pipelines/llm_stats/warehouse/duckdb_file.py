"""The files of one warehouse, and the steps a run takes with them.

llm_stats.duckdb                    what readers open: a link to the live snapshot (see `snapshots`)
.llm_stats/snapshots/<id>/          what was published
.llm_stats/work/<id>/               the working copy (see `working_copy`)
.llm_stats/rejected/                the last working copy that a check refused, and why
.llm_stats/lock, holder.json        one run at a time (see `lock`)
.llm_stats/responses.sqlite         responses that no run has published yet (see `cache`)
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from llm_stats.connection import interruptible
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from llm_stats.files import normalize_path
from llm_stats.warehouse import lock
from llm_stats.warehouse.base import FetchState
from llm_stats.warehouse.reader import Reader
from llm_stats.warehouse.snapshots import Snapshots, is_id, new_id
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy

if TYPE_CHECKING:
    from llm_stats.warehouse.base import WorkingCopy

#: What dlt cannot load below: it reads these as parts of an address, of a pattern or of SQL.
_UNLOADABLE_CHARACTERS = re.compile(r"[%?\\'=\x00-\x1f\x7f]")
_CHARACTER_NAMES = {"%": "a percent sign", "?": "a question mark", "\\": "a backslash", "'": "a quote", "=": "an equals sign"}
#: A catalog is called as its file, and `raw.models` in a file `raw.duckdb` would have two meanings.
_SCHEMAS = ("raw", "staging", "history", "marts")


class DuckDBWarehouse:
    """One published database and the folder beside it."""

    def __init__(self, database: Path, keep_snapshots: int = 3) -> None:
        self.database = normalize_path(database)
        plain = self.database.suffix == ".duckdb"
        beside = self.database.with_name(f".{self.database.stem if plain else f'{self.database.name}.files'}")
        self.destination = ""
        self.folder = beside.resolve()  # it may be a link to where there is room
        self.cache = self.folder / "responses.sqlite"
        self.snapshots = Snapshots(self.database, self.folder / "snapshots", keep_snapshots)
        self.rejected = self.folder / "rejected"
        self._work = self.folder / "work"

    @contextlib.contextmanager
    def lock(self, *, even_if_broken: bool = False) -> Iterator[None]:
        """Holds the warehouse for one run. The OS lets go when the process dies.

        `even_if_broken` is for mending what is published. Raises `Locked`, naming the holder, or `UsageError` if the path cannot hold a
        warehouse.
        """
        self._require_name()
        if not even_if_broken:
            self._require_usable()
        self.ensure_writable_folder()
        with lock.held(self.folder, self.database):
            for wreck in self._work.glob("*"):  # what a killed run left behind
                if is_id(wreck.name):
                    shutil.rmtree(wreck, ignore_errors=True)
            self.snapshots.prune()
            yield

    @contextlib.contextmanager
    def working_copy(self) -> Iterator[DuckDBWorkingCopy]:
        """A private copy of the published database, or a new one; gone at the end, published or not.

        Raises `LoadFailed` for what the disk or DuckDB refuses meanwhile.
        """
        folder = self._work / new_id()
        try:
            folder.mkdir(parents=True)
            copy = DuckDBWorkingCopy(folder)
            if self.database.exists():
                shutil.copyfile(self.database, copy.path)
            else:
                copy.create()
            with interruptible():
                copy.define()
                yield copy
        except (OSError, duckdb.Error) as error:
            raise LoadFailed(f"{self.database}: {str(error).splitlines()[0]}; nothing was published") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, copy: DuckDBWorkingCopy) -> None:
        """Makes the working copy the published database, in one atomic step."""
        self.snapshots.publish(copy.path, copy.path.parent.name)

    @contextlib.contextmanager
    def quarantine_on_failure(self, copy: WorkingCopy) -> Iterator[None]:
        """If a check fails inside, keeps the working copy for a look, with the reason beside it; the last one only."""
        try:
            yield
        except CheckFailed as failure:
            try:
                if self.rejected.is_dir() and not self.rejected.is_symlink():
                    shutil.rmtree(self.rejected, ignore_errors=True)
                else:
                    self.rejected.unlink(missing_ok=True)
                self.rejected.mkdir()
                (self.rejected / "reason.txt").write_text(f"{failure}\n", "utf-8")
                kept = copy.quarantine(self.rejected / self.database.name)
            except OSError as error:
                kept = f"the refused file could not be kept: {error}"
            raise CheckFailed(f"{failure}\n{kept}") from None

    def fetch_state(self) -> FetchState:
        """What the published database holds; nothing if there is none."""
        if not self.database.exists():
            return FetchState()
        with UnrestrictedReader(self.database) as reader:
            try:
                return FetchState.read(reader)
            except UsageError as error:
                says = f"{self.database} is damaged: {str(error).splitlines()[0]}"
                raise UsageError(f"{says}; go back with `llm-stats rollback`, or restore a copy") from None

    def _require_name(self) -> None:
        """Refuses a path that DuckDB or dlt would read as something else, before a request is spent on it."""
        stem = self.database.stem
        if found := _UNLOADABLE_CHARACTERS.search(str(self.database)):
            raise UsageError(
                f"{self.database}: dlt cannot load below a path that holds {_CHARACTER_NAMES.get(found[0], 'a control character')}"
            )
        if stem.lower() in _SCHEMAS or stem == ".":
            raise UsageError(f"{self.database}: {stem!r} would mean two things; choose another name, such as llm_stats.duckdb")

    def _require_usable(self) -> None:
        """Refuses what stands at the published path and is not one of our databases, whole."""
        if not os.path.lexists(self.database):
            return
        UnrestrictedReader(self.database).close()
        log = self.database.with_name(f"{self.database.name}.wal")
        if log.exists() and not self.database.is_symlink():
            raise UsageError(f"{log} holds what is not in the database yet; open and close that with DuckDB once, or remove the file")

    def ensure_writable_folder(self) -> None:
        """Makes the folder beside the database. Refuses one that is another's, or that nothing can be written to."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()) and not (self.folder / lock.NAME).exists() and not self.snapshots.all():
                raise UsageError(f"{self.folder} holds something else; choose another name for {self.database}")
            for folder in (self.database.parent, self.folder):
                with tempfile.TemporaryFile(dir=folder):
                    pass
        except OSError as error:
            raise UsageError(f"{self.database} cannot be written: {error.strerror}: {error.filename}") from None


class UnrestrictedReader(Reader):
    """Opens the file as others do: within one process, DuckDB refuses it to whoever wants it locked down while another has it open."""

    def _open(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(self.database, read_only=True)
