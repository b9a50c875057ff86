"""Published snapshots: the one that is live, those to go back to, and the atomic step from one to another.

    llm_stats.duckdb → .llm_stats/snapshots/20261123T170501.123456Z/llm_stats.duckdb

Whoever has a snapshot open keeps it; whoever opens the published path gets the live one. The link leads to a folder per snapshot and
not to files of different names, because DuckDB names a catalog after the file it opens.
"""

from __future__ import annotations

import datetime as dt
import filecmp
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from llm_stats.errors import UsageError
from llm_stats.reader import Reader, Table

_ID = "%Y%m%dT%H%M%S.%fZ"
#: A file in each snapshot that has been live; one without it was finished by a run that was killed before it could publish.
_PUBLISHED = "published"
#: A file in each snapshot with the id of the one that was live when it was made.
_PARENT = "parent"


def new_id() -> str:
    """A name that sorts by time: `20261123T170501.123456Z`."""
    return dt.datetime.now(dt.UTC).strftime(_ID)


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
    """The snapshots of one published database. Everything that changes them needs the warehouse's lock."""

    def __init__(self, database: Path, folder: Path, keep: int) -> None:
        self._database = database
        self._folder = folder
        self._keep = keep

    def all(self) -> list[Snapshot]:
        """Every snapshot that has been live, oldest first."""
        live = self._live()
        folders = sorted(marker.parent for marker in self._folder.glob(f"*/{_PUBLISHED}"))
        return [Snapshot(folder / self._database.name, folder == live) for folder in folders]

    def publish(self, file: Path, snapshot_id: str) -> None:
        """Makes a finished file the live snapshot, in one atomic step, and forgets what is beyond those to keep.

        File, then folder, then link reach the disk in this order: a loss of power leaves the old state or the new one.
        """
        parent = self._live() or (self._adopt_plain_file() if self._database.exists() else None)
        _to_disk(file)
        folder = self._folder / snapshot_id
        folder.mkdir(parents=True)
        (folder / _PARENT).write_text(parent.name if parent else "")
        file.chmod(0o444)  # a file copied over the published path must not write through the link into a snapshot
        file.rename(folder / self._database.name)
        _to_disk(folder)
        _to_disk(folder.parent)
        self._flip(folder)
        line = self._line()
        others = [snapshot for snapshot in reversed(self.all()) if snapshot not in line]
        for snapshot in (line + others)[self._keep :]:
            _remove(snapshot.file.parent)

    def go_back(self, snapshot_id: str | None = None) -> Snapshot:
        """Makes another snapshot live: the one named, or the one that the live one was made from. Raises `UsageError` if there is none."""
        if snapshot_id is None:
            if not (older := self._line()[1:]):
                raise UsageError(f"{self._database}: there is no older snapshot to go back to")
            target = older[0]
        else:
            named = [snapshot for snapshot in self.all() if snapshot.id == snapshot_id]
            if not named:
                raise UsageError(f"{self._database}: there is no snapshot {snapshot_id!r}; `llm-stats snapshots` lists them")
            (target,) = named
        self._flip(target.file.parent)
        return Snapshot(target.file, is_live=True)

    def _line(self) -> list[Snapshot]:
        """The live snapshot, the one it was made from, and so on: after going back and on, not simply the newest."""
        by_id = {snapshot.id: snapshot for snapshot in self.all()}
        line = [snapshot for snapshot in by_id.values() if snapshot.is_live]
        while line and (parent := by_id.get(line[-1].parent_id)):
            line.append(parent)
        return line

    def sweep(self) -> None:
        """Removes snapshots that a killed run finished and never published."""
        live = self._live()
        for folder in self._folder.glob("*"):
            if folder == live:
                (folder / _PUBLISHED).touch()  # killed between the link and the marker
            elif not (folder / _PUBLISHED).exists():
                _remove(folder)

    def _live(self) -> Path | None:
        return self._database.resolve().parent if self._database.is_symlink() else None

    def _flip(self, folder: Path) -> None:
        """Points the published path to a snapshot, atomically."""
        aside = folder / "link"
        aside.unlink(missing_ok=True)
        target = folder / self._database.name
        try:
            aside.symlink_to(os.path.relpath(target, self._database.parent))
        except OSError:  # no symbolic links here: a copy and a rename do the job
            shutil.copyfile(target, aside)
            _to_disk(aside)
        aside.replace(self._database)
        _to_disk(self._database.parent)
        (folder / _PUBLISHED).touch()

    def _adopt_plain_file(self) -> Path:
        """The snapshot of a warehouse that came as a plain file (a backup, an artifact): made now, unless one is the same."""
        for snapshot in reversed(self.all()):
            if filecmp.cmp(snapshot.file, self._database, shallow=False):
                return snapshot.file.parent
        folder = self._folder / dt.datetime.fromtimestamp(self._database.stat().st_mtime, dt.UTC).strftime(_ID)
        folder.mkdir(parents=True)
        shutil.copyfile(self._database, folder / self._database.name)
        (folder / _PUBLISHED).touch()
        return folder


def listing(snapshots: Snapshots) -> Table:
    """The snapshots, newest first: `snapshot_id, is_live, age_hours, size_mb, models, offers, scores`."""
    now = dt.datetime.now(dt.UTC)
    rows = []
    for snapshot in reversed(snapshots.all()):
        with Reader(snapshot.file) as reader:
            counts = reader.query(
                "select (select count(*) from staging.models), (select count(*) from staging.offers), (select count(*) from staging.scores)"
            ).rows[0]
        age_hours = round((now - snapshot.made_at).total_seconds() / 3600, 1)
        rows.append((snapshot.id, snapshot.is_live, age_hours, round(snapshot.file.stat().st_size / 1e6, 1), *counts))
    columns = ("snapshot_id", "is_live", "age_hours", "size_mb", "models", "offers", "scores")
    return Table(columns, ("VARCHAR", "BOOLEAN", "DOUBLE", "DOUBLE", *["BIGINT"] * 3), rows)


def _remove(folder: Path) -> None:
    """Removes a folder as far as possible: one that somebody keeps busy (Windows) is removed by a later run."""
    shutil.rmtree(folder, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """Forces a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
