"""Protocols of a warehouse and its working copy, and the state that determines what to fetch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from llm_stats.connection import Connection
from llm_stats.errors import CheckFailed
from llm_stats.schema.catalog import CatalogLoad, RecordVersion, SummaryVersion
from llm_stats.schema.fetch import FetchResult, Validators
from llm_stats.transform.checks import Scope
from llm_stats.transform.migrate import is_older, schema_version
from llm_stats.warehouse.reader import Reader

_FAILING = """
    select fetches.model_id, max(fetches.requested_at)
    from raw.fetches as fetches
    left join raw.models as models on fetches.model_id = models.id
    where
        fetches.outcome not in ('loaded', 'not_modified', 'deferred')
        and fetches.requested_at > coalesce(models.fetched_at, '-infinity')
    group by fetches.model_id
"""
_VALIDATORS = """
    select id, etag, last_modified from raw.models
    where etag is not null or last_modified is not null
"""
_UNLISTED = "select model_id from history.listings where valid_to is null and not is_listed"


@dataclass(frozen=True)
class FetchState:
    """The state of a warehouse that determines which models a run requests.

    All times are in UTC. `last_attempted_at` is the time of the last request for a model or of the
    last read of the catalog, whichever is later. `fetched_at` maps each loaded model to the time of
    its last load. `failing_at` maps each failing model to the time of its last failure. A model is
    failing until it is loaded again. `records` and `summaries` contain the stored versions.
    `unlisted` contains the models that left the catalog. `validators` has an entry for each record
    whose next request can be conditional.
    """

    last_attempted_at: dt.datetime | None = None
    fetched_at: dict[str, dt.datetime] = field(default_factory=dict)
    failing_at: dict[str, dt.datetime] = field(default_factory=dict)
    records: dict[str, RecordVersion] = field(default_factory=dict)
    summaries: dict[str, SummaryVersion] = field(default_factory=dict)
    validators: dict[str, Validators] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """Read the state; an empty database has an empty state.

        Older schema versions have no tables of the catalog, or no validators. Raises `QueryError`.
        """
        version = schema_version(connection)
        if version is None:
            return cls()
        existing = {(relation.schema, relation.name) for relation in connection.relations()}
        has_catalog = {("raw", "catalog_models"), ("history", "listings")} <= existing

        def select(query: str) -> list[tuple[Any, ...]]:
            return connection.execute(query).rows

        attempts = "select requested_at as attempted_at from raw.fetches"
        if has_catalog:
            attempts += " union all select read_at from raw.catalog_reads"
        ((last_attempted_at,),) = select(f"select max(attempted_at) from ({attempts}) as attempts")
        summary_hash = "summary_hash" if has_catalog else "null"
        return cls(
            last_attempted_at and last_attempted_at.replace(tzinfo=dt.UTC),
            dict(_in_utc(select("select id, fetched_at from raw.models"))),
            dict(_in_utc(select(_FAILING))),
            {
                model_id: RecordVersion(*version)
                for model_id, *version in select(
                    f"select id, {summary_hash}, updated_at from raw.models"
                )
            },
            {
                model_id: SummaryVersion(*version)
                for model_id, *version in select(
                    "select id, content_hash, updated_at from raw.catalog_models"
                )
            }
            if has_catalog
            else {},
            {model_id: Validators(*validators) for model_id, *validators in select(_VALIDATORS)}
            if not is_older(version)
            else {},
            frozenset(model_id for (model_id,) in select(_UNLISTED))
            if has_catalog
            else frozenset(),
        )


def _in_utc(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, dt.datetime]]:
    return ((model_id, at.replace(tzinfo=dt.UTC)) for model_id, at in rows)


class WorkingCopy(Protocol):
    """The next state of a warehouse, invisible to readers until it is published."""

    #: Name of the snapshot after publishing, such as `20261123T170501.123456Z`.
    id: str

    def migrate(self) -> bool:
        """Migrate the working copy to the current schema version; return whether it was changed."""
        ...

    def fetch_state(self) -> FetchState:
        """Return the state that determines which models a run requests."""
        ...

    def create_views(self) -> None:
        """Create tables, views and macros from `sql/`, unless they are up to date."""

    def load(self, results: Iterable[FetchResult], catalog: CatalogLoad | None = None) -> str:
        """Load fetch results and a read of the catalog into `incoming` with dlt.

        Return the load id. Raises `LoadFailed`.
        """
        ...

    def merge(self, load_id: str) -> None:
        """Merge `incoming` into `raw`."""

    def update_history(self, now: dt.datetime) -> Scope:
        """Write the changes since the last run into the `history` tables.

        Return which models the checks must cover.
        """
        ...

    def open_reader(self) -> Reader:
        """Open the working copy for reading."""
        ...

    def open_for_checks(self, load_id: str | None = None) -> Reader:
        """Open the working copy for the checks, which query each mart many times.

        If `load_id` is given, the checks need only the models that this load wrote.
        """
        ...

    def quarantine(self, path: Path) -> str:
        """Keep a working copy that a check rejected; return a line with its location.

        If the working copy is a file, it is moved to `path`. Raises `OSError`.
        """
        ...


class Warehouse(Protocol):
    """A warehouse, the target of runs. `destination` is empty for a DuckDB file."""

    database: Path
    destination: str
    cache: Path

    def lock(self) -> AbstractContextManager[None]:
        """Return a context manager that holds the lock for one run.

        The context manager raises `Locked`, or `UsageError` for an unusable warehouse.
        """
        ...

    def working_copy(self) -> AbstractContextManager[Any]:
        """Return a context manager that opens a working copy.

        When the block ends, an unpublished working copy is discarded. Errors of the disk or the
        engine inside the block become `LoadFailed`.
        """
        ...

    def way_back(self, time: dt.datetime) -> str:
        """Return advice for an error message: how to restore the last state before `time`."""
        ...

    def quarantine(self, copy: Any, failure: CheckFailed) -> CheckFailed:
        """Keep the rejected working copy and the reason.

        Return `failure` with one more line: the location of the working copy.
        """
        ...

    def publish(self, copy: Any) -> None:
        """Make the working copy visible to readers, in one atomic step. Raises `LoadFailed`."""
