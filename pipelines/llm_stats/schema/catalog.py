"""Catalog: one read of `GET /v1/models`, and the rule for when a summary is newer than a record.

The catalog lists a summary of every model: the record without `scores` and `sources`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from llm_stats.schema.record import UtcTime


class CatalogRead(BaseModel):
    """One read of the catalog: one row of `raw.catalog_reads`."""

    read_at: UtcTime = Field(description="When the read began (UTC)")
    pages: int = Field(description="Number of pages that arrived")
    models: int = Field(description="Number of distinct model ids in these pages")
    total: int | None = Field(
        None, description="Number of models according to the API; null if the API sent no number"
    )
    is_complete: bool = Field(
        description="True if the last page arrived, every entry has an id, and `models` equals "
        "`total`"
    )
    is_trusted: bool = Field(
        description="True if the read is complete, its first page has a valid summary, and few "
        "listed models are missing: at most 10, at most a fifth, or any number with "
        "`--allow-failure models_left`. A read that is not trusted changes no listings"
    )


@dataclass(frozen=True)
class CatalogLoad:
    """The rows that a run loads from one read of the catalog.

    `summaries` are the new and changed summaries, as rows made by `schema.rows.to_summary_row`.
    `missing` contains the models of the warehouse that the catalog does not list. It is empty
    unless `read.is_trusted` is set. `rejected` has the reason for each invalid summary, by model.
    """

    read: CatalogRead
    summaries: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)


#: Why a read ended before the last page: a page failed, or the quota or budget was spent.
CutOff = Literal["failed", "deferred"]


@dataclass(frozen=True)
class CatalogSummary:
    """One read of the catalog in numbers, for the result of a run.

    `changed` counts the new and changed summaries, `rejected` the invalid ones. `gap` explains why
    the read is incomplete; `cut_off` is set if a page did not arrive. `listed_before` counts the
    models listed before the read; `missing` counts those of them that are no longer listed.
    """

    pages: int
    models: int
    total: int | None
    changed: int
    rejected: int
    missing: int
    listed_before: int
    has_summaries: bool
    is_trusted: bool
    cut_off: CutOff | None
    gap: str | None


class SummaryVersion(NamedTuple):
    """The version of a model's summary: hash of its content, and the API's `updated_at`."""

    content_hash: str
    updated_at: dt.datetime | None


class RecordVersion(NamedTuple):
    """The version of a model's record.

    `summary_hash` is the hash of the summary that was known when the record was requested, or None.
    """

    summary_hash: str | None
    updated_at: dt.datetime | None


def is_ahead(summary: SummaryVersion, record: RecordVersion | None) -> bool:
    """Return whether the summary is newer than the record.

    `record.summary_hash` is the hash of the summary that was known when the record was requested. A
    summary with a different hash is newer. If `record.summary_hash` is None, a summary is newer if
    its `updated_at` is later than the record's, or if either time is unknown. The view
    `staging.summaries_ahead` has the same rule.
    """
    if record is None:
        return True
    if record.summary_hash is None:
        if summary.updated_at is None or record.updated_at is None:
            return True
        return summary.updated_at > record.updated_at
    return summary.content_hash != record.summary_hash


def known_hash(
    summary: SummaryVersion | None, updated_at: dt.datetime | None, stored: RecordVersion | None
) -> str | None:
    """Return the `summary_hash` of a record that was just requested.

    `summary` is the known summary of the model, `updated_at` the record's time of change, and
    `stored` the record in the warehouse. If the API returned an old response, the result is None,
    so that the next run requests the record again. A response is old if the summary has changed
    since `stored` was requested, but `updated_at` is before `summary.updated_at` and not after
    `stored.updated_at`.
    """
    if summary is None:
        return None
    is_old_response = (
        stored is not None
        and stored.summary_hash not in (None, summary.content_hash)
        and updated_at is not None
        and stored.updated_at is not None
        and summary.updated_at is not None
        and updated_at <= stored.updated_at
        and updated_at < summary.updated_at
    )
    return None if is_old_response else summary.content_hash


#: A read is not trusted if it lacks more than 10 models and more than a fifth of the models.
_MAX_MISSING, _MAX_MISSING_SHARE = 10, 0.2


def is_plausible(missing: int, listed: int) -> bool:
    """Return whether a catalog may be correct if it lacks `missing` of `listed` models."""
    return missing <= _MAX_MISSING or missing <= _MAX_MISSING_SHARE * listed
