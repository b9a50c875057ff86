"""Plan of a run: which models it requests, and what it loads from the catalog.

    catalog and stored versions -> due models, new and changed summaries, missing models

The plan also decides whether the read of the catalog is trusted. Only a trusted read marks missing
models as unlisted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_stats.errors import UsageError
from llm_stats.schema.catalog import (
    CatalogLoad,
    CatalogRead,
    CatalogSummary,
    RecordVersion,
    SummaryVersion,
    is_ahead,
    is_plausible,
    known_hash,
)
from llm_stats.schema.fetch import Validators, due_after_catalog, stalest_first
from llm_stats.transform.checks import MODELS_LEFT

if TYPE_CHECKING:
    from llm_stats.fetch.catalog import Catalog
    from llm_stats.schema.fetch import FetchResult
    from llm_stats.settings import Settings
    from llm_stats.warehouse.base import FetchState, Warehouse

#: Default of `max_age` for runs that read the catalog. Records may be this old, because the
#: catalog has current prices.
_CATALOG_MAX_AGE = dt.timedelta(days=7)


@dataclass(frozen=True)
class Plan:
    """The plan of one run.

    `due` are the ids to request, in order; `skipped` counts the models that are not due.
    `summaries` and `records` are the versions known before the fetch, by model id. `validators`
    makes requests conditional. `listed`, `catalog_load` and `catalog_summary` are None for a run
    that does not read the catalog.
    """

    due: list[str]
    skipped: int
    summaries: Mapping[str, SummaryVersion]
    records: Mapping[str, RecordVersion]
    validators: Mapping[str, Validators]
    listed: Set[str] | None = None
    catalog_load: CatalogLoad | None = None
    catalog_summary: CatalogSummary | None = None

    def with_catalog(self, results: Iterable[FetchResult]) -> Iterator[FetchResult]:
        """Yield the results with facts from the catalog: `is_listed`, and the summary's hash.

        A record from the cache gets no hash, because it may be older than the known summary.
        """
        for result in results:
            fetch, row = result.fetch, result.row
            fetch.is_listed = None if self.listed is None else fetch.model_id in self.listed
            if row is not None and fetch.attempts:
                summary = self.summaries.get(fetch.model_id)
                stored = self.records.get(fetch.model_id)
                row["summary_hash"] = known_hash(summary, row["updated_at"], stored)
            elif fetch.outcome == "not_modified":
                stored = self.records[fetch.model_id]
                summary = self.summaries.get(fetch.model_id)
                fetch.summary_hash = known_hash(summary, stored.updated_at, stored)
            yield result


def make_plan(
    settings: Settings,
    catalog: Catalog | None,
    state: FetchState,
    now: dt.datetime,
    *,
    allowed_failures: Collection[str] = (),
    catalog_only: bool = False,
) -> Plan:
    """Return the plan of a run; `catalog` is None if the run is for the ids in the settings."""
    if catalog is None:
        model_ids = settings.model_ids
        due = _due_by_age(settings, model_ids, state, now)
        validators = _plan_conditions(settings, due, state.summaries, state)
        skipped = len(set(model_ids)) - len(due)
        return Plan(due, skipped, state.summaries, state.records, validators)
    load, summary = _plan_catalog(catalog, state, allowed_failures)
    model_ids = catalog.model_ids
    if not summary.is_trusted:  # models that the catalog did not list still count as listed
        model_ids = list(
            dict.fromkeys([*model_ids, *sorted(_known_models(state) - state.unlisted)])
        )
    summaries = state.summaries | catalog.versions
    due, skipped = [], 0
    if not catalog_only:
        due = _due_models(settings, model_ids, catalog, summaries, state, now)
        skipped = len(model_ids) - len(due)
    validators = _plan_conditions(settings, due, summaries, state)
    listed = frozenset(catalog.model_ids)
    return Plan(due, skipped, summaries, state.records, validators, listed, load, summary)


def _plan_conditions(
    settings: Settings,
    due: Sequence[str],
    summaries: Mapping[str, SummaryVersion],
    state: FetchState,
) -> dict[str, Validators]:
    """Return the validators of the models whose requests are conditional.

    With a `max_age` of 0, all requests are unconditional, in case the API's ETags are wrong. A
    request is also unconditional if the model's summary is newer than its record (see `is_ahead`),
    because a 304 would then be wrong.
    """
    if settings.max_age is not None and not settings.max_age:
        return {}
    return {
        model_id: state.validators[model_id]
        for model_id in due
        if model_id in state.validators
        and not (
            (summary := summaries.get(model_id)) and is_ahead(summary, state.records.get(model_id))
        )
    }


def _known_models(state: FetchState) -> Set[str]:
    return state.records.keys() | state.summaries.keys()


def _plan_catalog(
    catalog: Catalog, state: FetchState, allowed_failures: Collection[str]
) -> tuple[CatalogLoad, CatalogSummary]:
    """Return the rows to load from a read of the catalog, and the counts for the result.

    A complete read is trusted if it lacks only a few models that were listed before, or if
    `allowed_failures` contains `models_left`. A catalog without valid summaries is never trusted.
    """
    known = _known_models(state)
    missing = known - set(catalog.model_ids)
    listed_before, newly_missing = known - state.unlisted, missing - state.unlisted
    is_complete = catalog.gap is None
    is_trusted = (
        is_complete
        and catalog.has_summaries
        and (
            MODELS_LEFT in allowed_failures or is_plausible(len(newly_missing), len(listed_before))
        )
    )
    read = CatalogRead(
        read_at=catalog.read_at,
        pages=catalog.pages,
        models=len(catalog.model_ids),
        total=catalog.total,
        is_complete=is_complete,
        is_trusted=is_trusted,
    )
    load = CatalogLoad(
        read, catalog.changed, sorted(missing) if is_trusted else [], catalog.rejected
    )
    return load, CatalogSummary(
        pages=read.pages,
        models=read.models,
        total=read.total,
        changed=len(catalog.changed),
        rejected=len(catalog.rejected),
        missing=len(newly_missing) if is_complete else 0,
        listed_before=len(listed_before),
        has_summaries=catalog.has_summaries,
        is_trusted=is_trusted,
        cut_off=catalog.cut_off,
        gap=catalog.gap,
    )


def _due_models(
    settings: Settings,
    model_ids: Sequence[str],
    catalog: Catalog,
    summaries: Mapping[str, SummaryVersion],
    state: FetchState,
    now: dt.datetime,
) -> list[str]:
    """Return the ids to request after a read of the catalog, in order (see `due_after_catalog`).

    Without valid summaries, models are due by the age of their records, as in a run for named ids.
    """
    if not catalog.has_summaries:
        return _due_by_age(settings, model_ids, state, now)
    ahead = {
        model_id
        for model_id in model_ids
        if model_id in catalog.rejected
        or ((version := summaries.get(model_id)) and is_ahead(version, state.records.get(model_id)))
    }
    max_age = _CATALOG_MAX_AGE if settings.max_age is None else settings.max_age
    return due_after_catalog(model_ids, ahead, state.fetched_at, max_age, state.failing_at, now=now)


def _due_by_age(
    settings: Settings, model_ids: Sequence[str], state: FetchState, now: dt.datetime
) -> list[str]:
    """Return the ids whose records are older than `max_age`, which is 0 by default."""
    max_age = settings.max_age or dt.timedelta(0)
    return stalest_first(model_ids, state.fetched_at, max_age, state.failing_at, now=now)


def require_clock(
    now: dt.datetime, last_attempted_at: dt.datetime | None, warehouse: Warehouse
) -> None:
    """Raise `UsageError` if the current time is earlier than the last run.

    Fetch times become `valid_from` and `valid_to` in the history. With an earlier clock, a row from
    the last run could get a `valid_to` before its `valid_from`.
    """
    if last_attempted_at and now < last_attempted_at:
        current, last = (
            timestamp.replace(tzinfo=None).isoformat(" ", "milliseconds")
            for timestamp in (now, last_attempted_at)
        )
        raise UsageError(
            f"system clock ({current} UTC) is earlier than the last run ({last}); "
            f"fix the clock, or {warehouse.way_back(now)}"
        )
