"""Published snapshots: the one that is live, those to go back to, and the atomic step from one to another.

    llm_stats.duckdb → .llm_stats/snapshots/20261123T170501.123456Z/llm_stats.duckdb

Whoever has a snapshot open keeps it; whoever opens the published path gets the live one. The link leads to a folder per snapshot and
not to files of different names, because DuckDB names a catalog after the file it opens.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import filecmp
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from llm_stats.errors import LoadFailed, UsageError
from llm_stats.files import fsync, normalize_path
from llm_stats.table import Table
from llm_stats.warehouse.duckdb_reader import DuckDBReader

_ID = "%Y%m%dT%H%M%S.%fZ"
#: A file in each snapshot that has been live; one without it was finished by a run that was killed before it could publish.
_PUBLISHED = "published"
#: A file in each snapshot with the id of the one that was live when it was made.
_PARENT = "parent"


def new_id() -> str:
    """A name that sorts by time: `20261123T170501.123456Z`."""
    return dt.datetime.now(dt.UTC).strftime(_ID)


def is_id(name: str) -> bool:
    """True of what `new_id` makes."""
    with contextlib.suppress(ValueError):
        return dt.datetime.strptime(name, _ID).replace(tzinfo=dt.UTC).strftime(_ID) == name
    return False


@dataclass(frozen=True)
class Snapshot:
    """One published state of the warehouse."""

    file: Path
    is_live: bool

    @property
    def id(self) -> str:
        return self.file.parent.name

    @property
    def parent_id(self) -> str:
        """The snapshot that was live when this one was made; empty if there was none."""
        file = self.file.parent / _PARENT
        return file.read_text() if file.exists() else ""

    @property
    def made_at(self) -> dt.datetime:
        return dt.datetime.strptime(self.id, _ID).replace(tzinfo=dt.UTC)


class Snapshots:
    """The snapshots of one published database. Everything that changes them needs the warehouse's lock.

    Whatever else lies among them and has no id for a name is somebody else's, and left alone.
    """

    def __init__(self, database: Path, folder: Path, keep: int) -> None:
        self._database = normalize_path(database)
        self._folder = folder.resolve()
        self._keep = keep

    def all(self) -> list[Snapshot]:
        """Every snapshot that is or has been live, oldest first."""
        live = self._live()
        found = [
            Snapshot(folder / self._database.name, folder == live) for folder in self._folders()
        ]
        return [
            snapshot
            for snapshot in found
            if os.access(snapshot.file, os.R_OK)
            and (snapshot.is_live or _is_published(snapshot.file.parent))
        ]

    def publish(self, file: Path, snapshot_id: str) -> None:
        """Makes a finished file the live snapshot, in one atomic step, and forgets what is beyond those to keep.

        File, then folders, then link reach the disk in this order: a loss of power leaves the old state or the new one. Raises `LoadFailed`
        for a file with a log beside it, for then it is not whole.
        """
        if file.with_name(f"{file.name}.wal").exists():
            raise LoadFailed(
                f"{self._database}: the new file could not be written to its end (disk full?); nothing was published"
            )
        parent = self._live() or self._import_plain_file()
        fsync(file)
        folder = self._folder / snapshot_id
        folder.mkdir(parents=True)
        (folder / _PARENT).write_text(parent.name if parent else "")
        file.chmod(
            0o444
        )  # a file copied over the published path must not write through the link into a snapshot
        file.rename(folder / self._database.name)
        for place in (folder, self._folder, self._folder.parent):
            fsync(place)
        self._point_to(folder)
        lineage = self._lineage()
        others = [snapshot for snapshot in reversed(self.all()) if snapshot not in lineage]
        for snapshot in (lineage + others)[self._keep :]:
            _remove(snapshot.file.parent)

    def rollback(self, snapshot_id: str | None = None) -> Snapshot:
        """Makes another snapshot live: the one named, or the one that the live one was made from; if none is live, the newest that opens.

        Raises `UsageError` if there is none, or the one named cannot be opened, and `LoadFailed` if the disk refuses.
        """
        target = self._named(snapshot_id) if snapshot_id is not None else self._before()
        try:
            if not self._live():
                self._import_plain_file()  # what stands there instead would be lost
            self._point_to(target.file.parent)
        except OSError as error:
            raise LoadFailed(
                f"{self._database} stays as it is: {error.strerror}: {error.filename}"
            ) from error
        return Snapshot(target.file, is_live=True)

    def prune(self) -> None:
        """Removes snapshots that a killed run finished and never published, and mends the mark of one killed between link and mark."""
        live = self._live()
        self._temp_link.unlink(missing_ok=True)
        for folder in self._folders():
            if folder == live:
                _mark_published(folder)
            elif not _is_published(folder):
                _remove(folder)

    def _named(self, snapshot_id: str) -> Snapshot:
        for snapshot in self.all():
            if snapshot.id == snapshot_id:
                DuckDBReader(snapshot.file, accept_older=True).close()
                return snapshot
        raise UsageError(
            f"{self._database}: there is no snapshot {snapshot_id!r}; `llm-stats snapshots` lists them"
        )

    def _before(self) -> Snapshot:
        lineage = self._lineage()
        for snapshot in lineage[1:] if lineage else reversed(self.all()):
            with contextlib.suppress(UsageError):
                DuckDBReader(snapshot.file, accept_older=True).close()
                return snapshot
        raise UsageError(f"{self._database}: there is no older snapshot to go back to")

    def _lineage(self) -> list[Snapshot]:
        """The live snapshot, the one it was made from, and so on: after going back and on, not simply the newest."""
        by_id = {snapshot.id: snapshot for snapshot in self.all()}
        lineage = [snapshot for snapshot in by_id.values() if snapshot.is_live]
        while lineage and (parent := by_id.get(lineage[-1].parent_id)):
            lineage.append(parent)
        return lineage

    def _folders(self) -> list[Path]:
        """The folders of all snapshots, oldest first."""
        try:
            return sorted(folder for folder in self._folder.glob("*") if is_id(folder.name))
        except OSError as error:
            raise UsageError(f"{self._database} cannot be read: {error.strerror}") from None

    def _live(self) -> Path | None:
        """The folder of the snapshot that the published path leads to or, where there are no links, is a copy of."""
        if self._database.is_symlink():
            target = self._database.resolve()
            return next(
                (folder for folder in self._folders() if folder / self._database.name == target),
                None,
            )
        for file in (folder / self._database.name for folder in reversed(self._folders())):
            if (
                os.access(file, os.R_OK)
                and self._database.is_file()
                and filecmp.cmp(file, self._database, shallow=False)
            ):
                return file.parent
        return None

    @property
    def _temp_link(self) -> Path:
        """Where the next link is made: beside the published path, for it is to be renamed."""
        return self._database.with_name(f".{self._database.name}.new")

    def _point_to(self, folder: Path) -> None:
        """Points the published path to a snapshot, atomically. Raises `LoadFailed` if it does, but may not after a loss of power."""
        self._temp_link.unlink(missing_ok=True)
        target = folder / self._database.name
        try:
            self._temp_link.symlink_to(os.path.relpath(target, self._database.parent))
        except OSError:  # no symbolic links here: a copy and a rename do the job
            shutil.copyfile(target, self._temp_link)
            fsync(self._temp_link)
        self._temp_link.replace(self._database)
        try:
            fsync(self._database.parent)
        except OSError as error:
            raise LoadFailed(
                f"{self._database} is published, but a loss of power may undo it: {error.strerror}"
            ) from error
        _mark_published(folder)

    def _import_plain_file(self) -> Path | None:
        """A new snapshot of a warehouse that came as a plain file (a backup, an artifact) or lies behind somebody's link, if one did."""
        if not self._database.exists():
            return None
        moment = dt.datetime.fromtimestamp(self._database.stat().st_mtime, dt.UTC)
        while (folder := self._folder / moment.strftime(_ID)).exists():
            moment += dt.timedelta(microseconds=1)
        folder.mkdir(parents=True)
        shutil.copyfile(self._database, folder / self._database.name)
        fsync(folder / self._database.name)
        _mark_published(folder)
        fsync(folder)
        return folder


def list_snapshots(snapshots: Snapshots) -> Table:
    """The snapshots, newest first: `snapshot_id, is_live, age_hours, size_mb, models, offers, scores`; counts are null if unreadable."""
    rows = []
    for snapshot in reversed(snapshots.all()):
        age_hours = round((dt.datetime.now(dt.UTC) - snapshot.made_at).total_seconds() / 3600, 1)
        with contextlib.suppress(FileNotFoundError):  # a run has just forgotten it
            size_mb = round(snapshot.file.stat().st_size / 1e6, 1)
            rows.append((snapshot.id, snapshot.is_live, age_hours, size_mb, *_counts(snapshot)))
    columns = ("snapshot_id", "is_live", "age_hours", "size_mb", "models", "offers", "scores")
    return Table(columns, ("VARCHAR", "BOOLEAN", "DOUBLE", "DOUBLE", *["BIGINT"] * 3), rows)


def _counts(snapshot: Snapshot) -> tuple[int | None, ...]:
    """How many models, offers and scores it holds, as far as it can be read."""
    counts = "select (select count(*) from staging.models), (select count(*) from staging.offers), (select count(*) from staging.scores)"
    try:
        with DuckDBReader(snapshot.file, accept_older=True) as reader:
            return reader.query(counts).rows[0]
    except UsageError:
        return None, None, None


def _is_published(folder: Path) -> bool:
    return os.access(folder / _PUBLISHED, os.F_OK)  # false too where another user lets nobody look


def _mark_published(folder: Path) -> None:
    """Marks a snapshot that is or was live. The live one needs no mark yet: what a full disk refuses now, the next run makes up for."""
    if not _is_published(folder):
        with contextlib.suppress(OSError):
            (folder / _PUBLISHED).touch()
            fsync(folder)


def _remove(folder: Path) -> None:
    """Removes a folder as far as possible, the mark first: what is left of it (killed, or kept busy on Windows) is swept by a later run."""
    with contextlib.suppress(OSError):
        (folder / _PUBLISHED).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
