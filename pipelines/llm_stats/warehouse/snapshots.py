"""Published snapshots: the live snapshot, older snapshots for a rollback, the atomic switch.

    llm_stats.duckdb → .llm_stats/snapshots/20261123T170501.123456Z/llm_stats.duckdb

Open connections keep their snapshot; new connections see the live snapshot. All snapshots have the
same file name, because DuckDB names a database after its file. Each snapshot has its own folder.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import filecmp
import os
import shutil
from pathlib import Path

from llm_stats.errors import LoadFailed, UsageError
from llm_stats.files import fsync, make_read_only, normalize_path
from llm_stats.text import format_command
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.snapshot import FOLDER, Snapshot, expired, is_id, new_id


class Snapshots:
    """Snapshots of one database. The caller of a method that writes must hold the database's lock.

    Files and folders whose name is not a snapshot id are ignored.
    """

    def __init__(self, database: Path, folder: Path, keep: int) -> None:
        """`folder` is next to the database; `keep` is the number of newest snapshots to keep."""
        self._database = normalize_path(database)
        self._folder = (folder / FOLDER).resolve()
        self._keep = keep

    def all(self) -> list[Snapshot]:
        """Return every readable snapshot that is, or once was, live; oldest first."""
        return [
            snapshot
            for snapshot in self._stored()
            if snapshot.is_readable and (snapshot.is_live or snapshot.is_published)
        ]

    def live(self) -> Snapshot | None:
        """Return the live snapshot; None if the published path does not lead to a snapshot."""
        return next((snapshot for snapshot in self._stored() if snapshot.is_live), None)

    def line(self) -> list[Snapshot]:
        """Return the live snapshot and its stored ancestors, newest first."""
        by_id = {snapshot.id: snapshot for snapshot in self.all()}
        live = self.live()
        ids = live.line if live else ()
        return [by_id[snapshot_id] for snapshot_id in ids if snapshot_id in by_id]

    def publish(self, file: Path, snapshot_id: str) -> None:
        """Make a finished file the live snapshot, in one atomic step; then delete old snapshots.

        A power failure leaves either the old or the new state: the file is flushed to disk
        first, then the folders, then the link. Raises `LoadFailed` if a write-ahead log shows
        that the file is incomplete, or if `fsync` fails for the link.
        """
        if file.with_name(f"{file.name}.wal").exists():
            raise LoadFailed(
                f"{self._database}: the new file is incomplete (disk full?); nothing was published"
            )
        parent = self.live() or self._import_plain_file()
        fsync(file)
        snapshot = Snapshot(self._folder / snapshot_id / self._database.name)
        snapshot.folder.mkdir(parents=True)
        # read-only, because `cp` to the published path follows the symlink: it would overwrite the
        # snapshot
        make_read_only(file)
        file.rename(snapshot.file)
        snapshot.write_metadata(parent)
        for changed in (snapshot.folder, self._folder, self._folder.parent):
            fsync(changed)
        self._point_to(snapshot)
        for old in expired(self.line(), self.all(), self._keep):
            old.delete()

    def rollback(self, snapshot_id: str | None = None) -> Snapshot:
        """Make another snapshot live, by default the newest stored ancestor of the live snapshot.

        If no snapshot is live, the default is the newest readable snapshot. Raises `UsageError` if
        the snapshot does not exist or cannot be opened, and `LoadFailed` for disk errors.
        """
        target = self._find(snapshot_id) if snapshot_id is not None else self._previous()
        try:
            if not self.live():
                self._import_plain_file()  # otherwise the switch would overwrite the user's file
            self._point_to(target)
        except OSError as error:
            raise LoadFailed(
                f"{self._database} was not changed: {error.strerror}: {error.filename}"
            ) from error
        return Snapshot(target.file, is_live=True)

    def prune(self) -> None:
        """Delete the unpublished snapshots of killed runs; mark the live snapshot as published."""
        self._temp_link.unlink(missing_ok=True)
        for snapshot in self._stored():
            if snapshot.is_live:
                snapshot.mark_published()
            elif not snapshot.is_published:
                snapshot.delete()

    def _find(self, snapshot_id: str) -> Snapshot:
        for snapshot in self.all():
            if snapshot.id == snapshot_id:
                try:
                    DuckDBReader(snapshot.file, accept_older=True).close()
                except UsageError as error:
                    cause = str(error).replace(str(snapshot.file), f"snapshot {snapshot_id}")
                    raise UsageError(f"{self._database}: {cause}") from None
                return snapshot
        raise UsageError(
            f"{self._database}: there is no snapshot {snapshot_id!r}; "
            f"{format_command('snapshots', self._database)} lists the snapshots"
        )

    def _previous(self) -> Snapshot:
        line = self.line()
        older = [snapshot for snapshot in line if not snapshot.is_live]
        for snapshot in older if line else reversed(self.all()):
            with contextlib.suppress(UsageError):
                DuckDBReader(snapshot.file, accept_older=True).close()
                return snapshot
        raise UsageError(f"{self._database}: there is no older snapshot to roll back to")

    def _stored(self) -> list[Snapshot]:
        """Return the snapshots of all folders, oldest first.

        The live snapshot is the file that the published path links to. On file systems without
        symbolic links, it is the newest file that equals the published file.
        """
        try:
            folders = sorted(folder for folder in self._folder.glob("*") if is_id(folder.name))
            files = [folder / self._database.name for folder in folders]
            live = next(filter(self._is_published_file, reversed(files)), None)
        except OSError as error:
            raise UsageError(f"{self._database} cannot be read: {error.strerror}") from None
        return [Snapshot(file, is_live=file == live) for file in files]

    def _is_published_file(self, file: Path) -> bool:
        if self._database.is_symlink():
            return file == self._database.resolve()
        is_readable = self._database.is_file() and os.access(file, os.R_OK)
        return is_readable and filecmp.cmp(file, self._database, shallow=False)

    @property
    def _temp_link(self) -> Path:
        """Path of a new symlink before its atomic rename to the published path."""
        return self._database.with_name(f".{self._database.name}.new")

    def _point_to(self, snapshot: Snapshot) -> None:
        """Point the published path to a snapshot, atomically.

        Raises `LoadFailed` if the switch succeeded but might not survive a power failure.
        """
        self._temp_link.unlink(missing_ok=True)
        try:
            self._temp_link.symlink_to(os.path.relpath(snapshot.file, self._database.parent))
        except OSError:  # no symbolic links on this file system: rename a copy
            shutil.copyfile(snapshot.file, self._temp_link)
            fsync(self._temp_link)
        self._temp_link.replace(self._database)
        try:
            fsync(self._database.parent)
        except OSError as error:
            raise LoadFailed(
                f"{self._database} is published, but a power failure may undo it: {error.strerror}"
            ) from error
        snapshot.mark_published()

    def _import_plain_file(self) -> Snapshot | None:
        """Turn the file at the published path into a snapshot and return it.

        Return None if there is no file.

        The file may be a regular file, such as a restored backup or a CI artifact, or the target of
        a symlink that the user created.
        """
        if not self._database.exists():
            return None
        modified_at = dt.datetime.fromtimestamp(self._database.stat().st_mtime, dt.UTC)
        while (folder := self._folder / new_id(modified_at)).exists():
            modified_at += dt.timedelta(microseconds=1)
        folder.mkdir(parents=True)
        snapshot = Snapshot(folder / self._database.name)
        shutil.copyfile(self._database, snapshot.file)
        fsync(snapshot.file)
        make_read_only(snapshot.file)
        snapshot.write_metadata(parent=None)
        snapshot.mark_published()
        fsync(folder)
        return snapshot
