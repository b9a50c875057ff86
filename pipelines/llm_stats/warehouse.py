"""The files of one warehouse: a lock, a working copy of the published database, dlt's load into it.

llm_stats.duckdb                          what readers open: a link to the live snapshot (see `snapshots.py`)
.llm_stats/work/<id>/llm_stats.duckdb     the working copy: built aside, published or thrown away
.llm_stats/refused/                       the last working copy that a check refused, and why
.llm_stats/lock, holder.json              one run at a time, and who it is
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import filelock

from llm_stats import raw, sql
from llm_stats.errors import CheckFailed, LlmStatsError, LoadFailed, Locked, UsageError
from llm_stats.snapshots import Snapshots, new_id

if TYPE_CHECKING:
    from llm_stats.client import Answer

#: DuckDB 1.4 and later read this, for BI drivers lag behind; small blocks make a small warehouse a fifth of the size.
_STORAGE = "storage_version 'v1.4.0', block_size 16384"

#: The share of free blocks from which on a file is written anew.
_MOST_FREE = 0.2

#: Changes when raw or history tables of an older file can no longer be used as they are.
LAYOUT = 2


class Warehouse:
    """One published database and the folder beside it."""

    def __init__(self, database: Path, keep_snapshots: int = 3) -> None:
        self.database = Path(os.path.abspath(database))  # noqa: PTH100  `resolve` would follow the link that the database is
        plain = self.database.suffix == ".duckdb"
        self.folder = self.database.with_name(f".{self.database.stem if plain else f'{self.database.name}.files'}")
        self.cache = self.folder / "responses.sqlite"
        self.snapshots = Snapshots(self.database, self.folder / "snapshots", keep_snapshots)
        self.refused = self.folder / "refused"
        self._work = self.folder / "work"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the warehouse for one run. The OS lets go when the process dies.

        Raises `Locked`, naming the holder, or `UsageError` if the path cannot hold a warehouse.
        """
        self._require_usable()
        lock = filelock.FileLock(self.folder / "lock", timeout=0, mode=0o666)
        holder = self.folder / "holder.json"
        try:
            with lock:
                _sign(holder)
                shutil.rmtree(self._work, ignore_errors=True)  # what a killed run left behind
                self.snapshots.sweep()
                yield
                holder.unlink(missing_ok=True)
        except filelock.Timeout:
            raise Locked(f"{self.database}: another run holds the lock ({_holder(holder)}); wait for it, or stop it") from None

    @contextlib.contextmanager
    def working_copy(self) -> Iterator[WorkingCopy]:
        """A private copy of the published database, or a new one; gone at the end, published or not.

        Raises `LoadFailed` for what the disk or DuckDB refuses meanwhile.
        """
        folder = self._work / new_id()
        try:
            folder.mkdir(parents=True)
            copy = WorkingCopy(folder / self.database.name)
            if self.database.exists():
                shutil.copyfile(self.database, copy.path)
            else:
                copy.create()
            yield copy
        except (OSError, duckdb.Error) as error:
            raise LoadFailed(f"{self.database}: {str(error).splitlines()[0]}; nothing was published") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, copy: WorkingCopy) -> None:
        """Makes the working copy the published database, in one atomic step."""
        self.snapshots.publish(copy.path, copy.path.parent.name)

    @contextlib.contextmanager
    def keeping_refused(self, copy: WorkingCopy) -> Iterator[None]:
        """If a check fails inside, keeps the working copy for a look, with the reason beside it; the last one only."""
        try:
            yield
        except CheckFailed as failure:
            shutil.rmtree(self.refused, ignore_errors=True)
            self.refused.mkdir()
            (self.refused / "reason.txt").write_text(f"{failure}\n", "utf-8")
            kept = copy.path.rename(self.refused / self.database.name)
            raise CheckFailed(f"{failure}\nthe refused file is kept at {kept}") from None

    def fetched_at(self) -> dict[str, dt.datetime]:
        """When each model was last fetched (UTC)."""
        return self._moments("select id, fetched_at from raw.models")

    def last_asked_at(self) -> dt.datetime | None:
        """When the last run asked for the last time (UTC); None if there was none."""
        return self._moments("select '', max(requested_at) from raw.fetches having count(*) > 0").get("")

    def failing_at(self) -> dict[str, dt.datetime]:
        """When each model that was asked for in vain since it last loaded last failed (UTC)."""
        return self._moments("""
            select fetches.model_id, max(fetches.requested_at)
            from raw.fetches as fetches
            left join raw.models as models on fetches.model_id = models.id
            where fetches.outcome not in ('loaded', 'deferred') and fetches.requested_at > coalesce(models.fetched_at, '-infinity')
            group by fetches.model_id
        """)

    def _moments(self, query: str) -> dict[str, dt.datetime]:
        """A time for each model of the published database; none if there is no database."""
        if not self.database.exists():
            return {}
        with duckdb.connect(self.database, read_only=True) as connection:
            return {model_id: moment.replace(tzinfo=dt.UTC) for model_id, moment in connection.execute(query).fetchall()}

    def _require_usable(self) -> None:
        """Refuses, with what to do, a published path that is a folder, cannot be written, or is not one of our databases."""
        if self.database.is_dir():
            raise UsageError(f"{self.database} is a folder; name a file, such as {self.database / 'llm_stats.duckdb'}")
        if self.database.is_symlink() and not self.database.exists():
            raise UsageError(f"{self.database} leads to {self.database.readlink()}, which is gone; restore that, or remove the link")
        if "%" in str(self.database):
            raise UsageError(f"{self.database}: dlt cannot load below a path that holds a percent sign; choose another")
        if self.database.exists():
            self._require_our_layout()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.database.parent, self.folder):
                (folder / f".probe-{os.getpid()}").touch()
                (folder / f".probe-{os.getpid()}").unlink()
        except OSError as error:
            raise UsageError(f"{self.database} cannot be written: {error.strerror}: {error.filename}") from None

    def _require_our_layout(self) -> None:
        try:
            with duckdb.connect(self.database, read_only=True) as connection:
                (layout,) = connection.execute("select max(version) from history.layout").fetchall()[0]
        except duckdb.CatalogException:
            raise UsageError(f"{self.database} is a DuckDB database, but no llm-stats warehouse; choose another path") from None
        except duckdb.Error as error:
            raise UsageError(f"{self.database} cannot be opened as a DuckDB database: {str(error).splitlines()[0]}") from None
        if layout != LAYOUT:
            age = "a newer" if layout > LAYOUT else "an older"
            says = f"{self.database} was made by {age} version of llm-stats (layout {layout}; this one knows {LAYOUT})"
            raise UsageError(f"{says}; use the version that made it, or another path")


class WorkingCopy:
    """A database file that nobody else has open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._incoming = path.with_name("incoming.duckdb")

    def create(self) -> None:
        """An empty file in the storage version that readers need."""
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql.literal(str(self.path))} as new ({_STORAGE})")

    def compact(self) -> None:
        """Writes the file anew if much of it is room that updates left behind: DuckDB uses that again, but never gives it back."""
        with duckdb.connect(self.path, read_only=True) as connection:
            total, free = connection.execute("select total_blocks, free_blocks from pragma_database_size()").fetchall()[0]
        if free <= _MOST_FREE * total:
            return
        roomy = self.path.rename(self.path.with_name("roomy"))
        self.create()
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql.literal(str(roomy))} as roomy (read_only)")
            connection.execute(f"attach {sql.literal(str(self.path))} as compact")
            connection.execute("copy from database roomy to compact")
        roomy.unlink()

    def load(self, answers: Iterable[Answer]) -> str:
        """Loads what answers bring into a database beside this one with dlt, from a clean working folder; the id of the load.

        Nothing pending from another run can get in the way, for there is none. Raises `LoadFailed`.
        """
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
        os.environ.setdefault("RUNTIME__INTERCEPT_SIGNALS", "false")  # a first Ctrl-C would only be noted
        os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # failures come as exceptions, and are reported once
        import dlt
        from dlt.pipeline.exceptions import PipelineStepFailed

        from llm_stats.source import batches

        pipeline = dlt.pipeline(
            "llm_stats",
            pipelines_dir=str(self.path.parent / "dlt"),
            destination=dlt.destinations.duckdb(str(self._incoming)),
            dataset_name="main",
        )
        try:
            info = pipeline.run(batches(answers))
        except PipelineStepFailed as error:
            cause = error.__cause__ or error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            if isinstance(cause, LlmStatsError | KeyboardInterrupt):
                raise cause from None
            raise LoadFailed(f"{self.path.name}: loading failed in step {error.step}: {cause}; nothing was published") from error
        return str(info.loads_ids[-1])

    def build(self, load_id: str) -> None:
        """Takes over what was loaded, and makes staging, history and marts what `sql/` says."""
        with duckdb.connect(self.path) as connection:
            connection.execute(f"attach {sql.literal(str(self._incoming))} as {raw.INCOMING} (read_only)")
            with sql.transaction(connection):
                raw.fill(connection, load_id)
                sql.apply(connection)


def _sign(path: Path) -> None:
    """Says who holds the lock. Only a courtesy: where another user's file cannot be replaced, the lock holds all the same."""
    holder = {"pid": os.getpid(), "user": getpass.getuser(), "host": socket.gethostname(), "since": f"{dt.datetime.now(dt.UTC):%FT%TZ}"}
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(holder))


def _holder(path: Path) -> str:
    """Who holds the lock, as far as can be read: `process 123 of ann on host, since …`."""
    try:
        holder: dict[str, Any] = json.loads(path.read_text())
        return f"process {holder['pid']} of {holder['user']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError):
        return "just started"
