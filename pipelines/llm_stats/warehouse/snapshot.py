"""One snapshot: its folder, its ancestors and the fingerprint of its file.

.llm_stats/snapshots/20261123T170501.123456Z/
    llm_stats.duckdb    the database file, with the same name as the published path
    ancestors           ids of the parent, its parent and so on, one per line
    fingerprint.json    {"size": 786432, "mtime_ns": 1795453501123456789, "sha256": "…"}
    published           marker file; absent if the run was killed before publishing
"""

from __future__ import annotations

import contextlib
import datetime as dt
import glob
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_stats.files import fsync

#: Name of the folder that contains the snapshots, each in its own subfolder.
FOLDER = "snapshots"
_ID = "%Y%m%dT%H%M%S.%fZ"
#: The last snapshot of a day is kept for this many days, counting only days with snapshots.
_KEPT_DAYS = 7
#: A rolled-back snapshot is kept until newer snapshots cover more than this many days.
_ROLLED_BACK_DAYS = 30


def files_folder(database: Path) -> Path:
    """Return the folder for the snapshots and other files of a database.

    The folder is next to the database. It may be a symlink to another disk.
    """
    stem = database.stem if database.suffix == ".duckdb" else f"{database.name}.files"
    return database.with_name(f".{stem}").resolve()


def has_snapshots(database: Path) -> bool:
    """Return whether a snapshot of this database was published and can be read."""
    files = (files_folder(database) / FOLDER).glob(f"*/{glob.escape(database.name)}")
    return any(
        is_id(file.parent.name) and Snapshot(file).is_published and Snapshot(file).is_readable
        for file in files
    )


def new_id(time: dt.datetime | None = None) -> str:
    """Return an id that sorts by time: `20261123T170501.123456Z`."""
    return (time or dt.datetime.now(dt.UTC)).strftime(_ID)


def is_id(name: str) -> bool:
    """Return whether `new_id` could have returned this name."""
    with contextlib.suppress(ValueError):
        return new_id(_time(name)) == name
    return False


@dataclass(frozen=True)
class Snapshot:
    """One state of the warehouse: a database file in its own folder."""

    file: Path
    is_live: bool = False

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def created_at(self) -> dt.datetime:
        return _time(self.id)

    @property
    def is_published(self) -> bool:
        """Whether the snapshot was ever published; False if the folder cannot be accessed."""
        return os.access(self.folder / "published", os.F_OK)

    @property
    def is_readable(self) -> bool:
        return os.access(self.file, os.R_OK)

    @property
    def line(self) -> list[str]:
        """The ids of this snapshot and of its ancestors, newest first."""
        try:
            return [self.id, *(self.folder / "ancestors").read_text().split()]
        except (OSError, ValueError):  # missing or damaged
            return [self.id]

    def write_metadata(self, parent: Snapshot | None) -> None:
        """Store the ancestors and the fingerprint. `parent` is the previous live snapshot."""
        ancestors, fingerprint_file = self.folder / "ancestors", self.folder / "fingerprint.json"
        ancestors.write_text("\n".join(parent.line if parent else []))
        status = self.file.stat()
        fingerprint = {
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "sha256": _sha256(self.file),
        }
        fingerprint_file.write_text(json.dumps(fingerprint))
        for file in (ancestors, fingerprint_file):
            fsync(file)

    def is_changed(self) -> bool:
        """Return whether another program has changed the file since it was stored.

        Return False if the fingerprint is missing or damaged. The file is hashed only if its size
        or modification time differs. Raises `OSError`.
        """
        try:
            stored = json.loads((self.folder / "fingerprint.json").read_text())
            size, mtime_ns, sha256 = stored["size"], stored["mtime_ns"], stored["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        status = self.file.stat()
        if (status.st_size, status.st_mtime_ns) == (size, mtime_ns):
            return False
        return bool(_sha256(self.file) != sha256)

    def mark_published(self) -> None:
        """Create the marker file; ignore errors, because the next run creates a missing marker."""
        if not self.is_published:
            with contextlib.suppress(OSError):
                (self.folder / "published").touch()
                fsync(self.folder)

    def delete(self) -> None:
        """Delete the folder, beginning with the marker file.

        Files remain if the process is killed, or if the file system cannot delete open files. A
        later run deletes any folder without a marker file.
        """
        with contextlib.suppress(OSError):
            (self.folder / "published").unlink()
        shutil.rmtree(self.folder, ignore_errors=True)


def expired(line: Sequence[Snapshot], snapshots: Sequence[Snapshot], keep: int) -> list[Snapshot]:
    """Return the snapshots to delete.

    `line` is the live snapshot and its stored ancestors, newest first. These snapshots are kept:

    - the newest `keep` snapshots in `line`
    - the last snapshot of each day in `line`, for the 7 newest days
    - each rolled-back snapshot (not in `line`), until newer snapshots cover more than 30 days

    Days are the dates in the ids. Days without snapshots are ignored, so a wrong clock does not
    expire snapshots.
    """
    line_ids = line[0].line
    last_of_day: dict[str, Snapshot] = {}
    for snapshot in line:
        last_of_day.setdefault(_day(snapshot.id), snapshot)
    kept = [*line[:keep], *list(last_of_day.values())[:_KEPT_DAYS]]
    for snapshot in snapshots:
        newer_days = set(map(_day, _newer_ids(line_ids, snapshot)))
        if snapshot not in line and len(newer_days) <= _ROLLED_BACK_DAYS:
            kept.append(snapshot)
    return [snapshot for snapshot in snapshots if snapshot not in kept]


def _newer_ids(line_ids: Sequence[str], snapshot: Snapshot) -> list[str]:
    """Return the ids that were added to `line_ids` after `snapshot` branched off.

    If `line_ids` and `snapshot.line` have no common id, return the ids newer than the snapshot.
    """
    own_line = set(snapshot.line)
    newer = list(itertools.takewhile(lambda line_id: line_id not in own_line, line_ids))
    if len(newer) < len(line_ids):
        return newer
    return [line_id for line_id in newer if line_id > snapshot.id]


def _time(snapshot_id: str) -> dt.datetime:
    """Return the time in an id. Raises `ValueError` for another name."""
    return dt.datetime.strptime(snapshot_id, _ID).replace(tzinfo=dt.UTC)


def _day(snapshot_id: str) -> str:
    return snapshot_id.partition("T")[0]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
