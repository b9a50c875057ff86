"""Fetches: the selection of ids that are due, and the outcome of each requested id.

Each outcome is stored as a row of `raw.fetches`. A loaded record is also a row of `raw.models`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from llm_stats.schema.record import UtcTime


@dataclass(frozen=True)
class FetchResult:
    """The result for one id.

    `fetch` is the row of `raw.fetches`. `row` is the row of `raw.models`, or None if no valid
    record arrived.
    """

    fetch: Fetch
    row: dict[str, Any] | None = None


Outcome = Literal["loaded", "not_modified", "not_found", "rejected", "failed", "deferred"]


class Validators(NamedTuple):
    """The headers of a response that make a later request for the same URL conditional.

    Example: `Validators('"33a64df5"', "Wed, 21 Oct 2026 07:28:00 GMT")`.
    """

    etag: str | None = None
    last_modified: str | None = None


class Fetch(BaseModel):
    """The outcome of one id in one run: one row of `raw.fetches`."""

    model_id: str = Field(description="Id of the requested model")
    requested_at: UtcTime = Field(
        description="When the response arrived, or when the request was deferred (UTC)"
    )
    outcome: Outcome = Field(
        description="`loaded`, `not_modified` (the record has not changed since it was loaded), "
        "`not_found`, `rejected` (the record violates the contract), "
        "`failed`, or `deferred` (to the next run: budget or quota spent, or run stopped)"
    )
    http_status: int | None = Field(
        None, description="HTTP status of the last response; null if there was no response"
    )
    error_code: str | None = Field(
        None, description="The API's own error code; null if none is given"
    )
    is_listed: bool | None = Field(
        None,
        description="True if the catalog that this run read lists the model; null if the run read "
        "no catalog",
    )
    message: str | None = Field(None, description="Error message; null if there was no error")
    attempts: int = Field(
        0,
        description="Requests sent for this id in this run, including retries; 0 if the "
        "response came from the cache, or if none was sent",
    )
    elapsed_ms: int = Field(
        0, description="Milliseconds from the first request to the outcome, including waiting time"
    )
    summary_hash: str | None = Field(
        None,
        description="For `not_modified`: the value that the run wrote to `models.summary_hash`; "
        "null for other outcomes",
    )

    @property
    def is_success(self) -> bool:
        """Whether the warehouse has the current record after the fetch."""
        return self.outcome in SUCCESSES


#: Outcomes after which the warehouse has the current record.
SUCCESSES: tuple[Outcome, ...] = ("loaded", "not_modified")


_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def stalest_first(
    model_ids: Iterable[str],
    fetched_at: Mapping[str, dt.datetime],
    max_age: dt.timedelta,
    failing_at: Mapping[str, dt.datetime] | None = None,
    *,
    now: dt.datetime | None = None,
) -> list[str]:
    """Return the ids due for a fetch, each once: first the ids never fetched, then the stalest.

    `fetched_at` maps ids to the time (UTC) of their last success, `failing_at` to the time of their
    last failure. Ids fetched within `max_age` are skipped; if `max_age` is zero, no id is skipped.
    A failing id is ordered by its last failure. Otherwise failing ids would use up the budget of
    every run.
    """
    time = now or dt.datetime.now(dt.UTC)
    last_success = {model_id: fetched_at.get(model_id, _NEVER) for model_id in model_ids}
    last_failure = failing_at or {}
    due = [model_id for model_id, at in last_success.items() if not max_age or time - at > max_age]
    return sorted(
        due, key=lambda model_id: max(last_success[model_id], last_failure.get(model_id, _NEVER))
    )


#: Records are due up to half a day early. Otherwise a daily run might fetch them a day late.
_MAX_EARLY = dt.timedelta(hours=12)


def due_after_catalog(
    model_ids: Iterable[str],
    ahead: Collection[str],
    fetched_at: Mapping[str, dt.datetime],
    max_age: dt.timedelta,
    failing_at: Mapping[str, dt.datetime],
    *,
    now: dt.datetime,
) -> list[str]:
    """Return the ids due for a fetch after a read of the catalog, each once.

    Order: models without a record, models with an old record, other models with a newer summary
    (`ahead`). In each group, the oldest attempt is first. A record is old 12 hours before it
    reaches `max_age`, or at `max_age` if `max_age` is below a day.

    A due model that failed in its last attempt is in the group of old records. In the first group,
    failing models could use up every budget. In the last group, they might never be fetched.
    """
    limit = max_age - _MAX_EARLY if max_age >= dt.timedelta(days=1) else max_age

    def turn(model_id: str) -> tuple[int, dt.datetime] | None:
        success = fetched_at.get(model_id, _NEVER)
        is_old = success > _NEVER and now - success >= limit
        if success > _NEVER and not is_old and model_id not in ahead:
            return None
        if failure := failing_at.get(model_id):
            return 1, max(success, failure)
        return (0 if success == _NEVER else 1 if is_old else 2), success

    turns = {model_id: turn(model_id) for model_id in model_ids}
    due = {model_id: key for model_id, key in turns.items() if key is not None}
    return sorted(due, key=due.__getitem__)
