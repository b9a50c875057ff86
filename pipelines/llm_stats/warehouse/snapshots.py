"""Published snapshots: the live one, older ones for a rollback, and the atomic switch between them.

    llm_stats.duckdb → .llm_stats/snapshots/20261123T170501.123456Z/llm_stats.duckdb

Open connections keep their snapshot; new connections see the live one. Snapshots are in
separate folders and have the same file name, because DuckDB names a catalog after the file.
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
from llm_stats.warehouse.duckdb_reader import DuckDBReader

#: Name of the folder with one folder for each snapshot.
FOLDER = "snapshots"
_ID = "%Y%m%dT%H%M%S.%fZ"
#: Marker file of a snapshot that is, or once was, live. Absent if the run was killed before
#: publishing.
_PUBLISHED = "published"
#: File with the id of the parent: the snapshot that was live when this snapshot was made.
_PARENT = "parent"


def new_id() -> str:
    """Return an id that sorts by time, such as `20261123T170501.123456Z`."""
    return dt.datetime.now(dt.UTC).strftime(_ID)


def is_id(name: str) -> bool:
    """Return whether `new_id` could have returned this name."""
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
        """The id of the snapshot that was live when this snapshot was made; empty if none was."""
        file = self.file.parent / _PARENT
        return file.read_text() if file.exists() else ""

    @property
    def created_at(self) -> dt.datetime:
        return dt.datetime.strptime(self.id, _ID).replace(tzinfo=dt.UTC)


class Snapshots:
    """The snapshots of one published database. The methods that change them require the lock.

    Files and folders whose name is not a snapshot id are ignored.
    """

    def __init__(self, database: Path, folder: Path, keep: int) -> None:
        """`folder` is the folder next to the database; `publish` keeps `keep` snapshots in it."""
        self._database = normalize_path(database)
        self._folder = (folder / FOLDER).resolve()
        self._keep = keep

    def all(self) -> list[Snapshot]:
        """Return every readable snapshot that is, or once was, live; oldest first."""
        live = self._live_folder()
        return [
            Snapshot(folder / self._database.name, folder == live)
            for folder in self._folders()
            if os.access(folder / self._database.name, os.R_OK)
            and (folder == live or _is_published(folder))
        ]

    def publish(self, file: Path, snapshot_id: str) -> None:
        """Make a finished file the live snapshot, in one atomic step; then delete old snapshots.

        The file is synced to disk first, then the folders, then the link, so that a power failure
        leaves either the old or the new state. Raises `LoadFailed` if the link cannot be synced, or
        if the file has a write-ahead log and is therefore incomplete.
        """
        if file.with_name(f"{file.name}.wal").exists():
            raise LoadFailed(
                f"{self._database}: the new file is incomplete (disk full?); nothing was published"
            )
        parent = self._live_folder() or self._import_plain_file()
        fsync(file)
        folder = self._folder / snapshot_id
        folder.mkdir(parents=True)
        (folder / _PARENT).write_text(parent.name if parent else "")
        # read-only, so that copying a file to the published path cannot overwrite the snapshot
        file.chmod(0o444)
        file.rename(folder / self._database.name)
        for changed in (folder, self._folder, self._folder.parent):
            fsync(changed)
        self._point_to(folder)
        lineage = self._lineage()
        others = [snapshot for snapshot in reversed(self.all()) if snapshot not in lineage]
        for snapshot in (lineage + others)[self._keep :]:
            _remove(snapshot.file.parent)

    def rollback(self, snapshot_id: str | None = None) -> Snapshot:
        """Make another snapshot live: by default the parent of the live one.

        If none is live, the default is the newest readable snapshot. Raises `UsageError` if the
        snapshot does not exist or cannot be opened, and `LoadFailed` for disk errors.
        """
        target = self._find(snapshot_id) if snapshot_id is not None else self._previous()
        try:
            if not self._live_folder():
                self._import_plain_file()  # otherwise the switch would overwrite the user's file
            self._point_to(target.file.parent)
        except OSError as error:
            raise LoadFailed(
                f"{self._database} was not changed: {error.strerror}: {error.filename}"
            ) from error
        return Snapshot(target.file, is_live=True)

    def prune(self) -> None:
        """Delete the unpublished snapshots of killed runs.

        If the live snapshot has no marker file, create it.
        """
        live = self._live_folder()
        self._temp_link.unlink(missing_ok=True)
        for folder in self._folders():
            if folder == live:
                _mark_published(folder)
            elif not _is_published(folder):
                _remove(folder)

    def _find(self, snapshot_id: str) -> Snapshot:
        for snapshot in self.all():
            if snapshot.id == snapshot_id:
                DuckDBReader(snapshot.file, accept_older=True).close()
                return snapshot
        raise UsageError(
            f"{self._database}: there is no snapshot {snapshot_id!r}; "
            "`llm-stats snapshots` lists them"
        )

    def _previous(self) -> Snapshot:
        lineage = self._lineage()
        for snapshot in lineage[1:] if lineage else reversed(self.all()):
            with contextlib.suppress(UsageError):
                DuckDBReader(snapshot.file, accept_older=True).close()
                return snapshot
        raise UsageError(f"{self._database}: there is no older snapshot to roll back to")

    def _lineage(self) -> list[Snapshot]:
        """Return the live snapshot, its parent, its grandparent and so on."""
        by_id = {snapshot.id: snapshot for snapshot in self.all()}
        lineage = [snapshot for snapshot in by_id.values() if snapshot.is_live]
        while lineage and (parent := by_id.get(lineage[-1].parent_id)):
            lineage.append(parent)
        return lineage

    def _folders(self) -> list[Path]:
        """Return the folders of all snapshots, oldest first."""
        try:
            return sorted(folder for folder in self._folder.glob("*") if is_id(folder.name))
        except OSError as error:
            raise UsageError(f"{self._database} cannot be read: {error.strerror}") from None

    def _live_folder(self) -> Path | None:
        """Return the folder that the published path links to.

        On file systems without symbolic links, return the newest folder whose database file equals
        the published file. Return None if there is no such folder.
        """
        for folder in reversed(self._folders()):
            file = folder / self._database.name
            if self._database.is_symlink():
                is_live = file == self._database.resolve()
            else:
                is_readable = self._database.is_file() and os.access(file, os.R_OK)
                is_live = is_readable and filecmp.cmp(file, self._database, shallow=False)
            if is_live:
                return folder
        return None

    @property
    def _temp_link(self) -> Path:
        """Path of a new link until it is renamed to the published path, in the same folder."""
        return self._database.with_name(f".{self._database.name}.new")

    def _point_to(self, folder: Path) -> None:
        """Point the published path to a snapshot, atomically.

        Raises `LoadFailed` if the switch succeeded but might not survive a power failure.
        """
        self._temp_link.unlink(missing_ok=True)
        target = folder / self._database.name
        try:
            self._temp_link.symlink_to(os.path.relpath(target, self._database.parent))
        except OSError:  # no symbolic links on this file system: rename a copy of the file
            shutil.copyfile(target, self._temp_link)
            fsync(self._temp_link)
        self._temp_link.replace(self._database)
        try:
            fsync(self._database.parent)
        except OSError as error:
            raise LoadFailed(
                f"{self._database} is published, but a power failure may undo it: {error.strerror}"
            ) from error
        _mark_published(folder)

    def _import_plain_file(self) -> Path | None:
        """Turn the file at the published path into a snapshot and return the snapshot's folder.

        Return None if there is no file.

        The file may be a regular file, such as a restored backup or a CI artifact, or the target of
        a symlink that the user created.
        """
        if not self._database.exists():
            return None
        modified_at = dt.datetime.fromtimestamp(self._database.stat().st_mtime, dt.UTC)
        while (folder := self._folder / modified_at.strftime(_ID)).exists():
            modified_at += dt.timedelta(microseconds=1)
        folder.mkdir(parents=True)
        shutil.copyfile(self._database, folder / self._database.name)
        fsync(folder / self._database.name)
        _mark_published(folder)
        fsync(folder)
        return folder


def _is_published(folder: Path) -> bool:
    return os.access(folder / _PUBLISHED, os.F_OK)  # also False if the folder cannot be accessed


def _mark_published(folder: Path) -> None:
    """Create the marker file; ignore errors, because the next run creates a missing marker."""
    if not _is_published(folder):
        with contextlib.suppress(OSError):
            (folder / _PUBLISHED).touch()
            fsync(folder)


def _remove(folder: Path) -> None:
    """Delete a snapshot, its marker first, so that a later run deletes what remains.

    Files remain if the process is killed, or on Windows if another process has them open.
    """
    with contextlib.suppress(OSError):
        (folder / _PUBLISHED).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
