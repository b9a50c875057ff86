"""Fetches: which ids are due, and the outcome of each.

The outcome is a row of `raw.fetches` and, if the record was loaded, a row of `raw.models`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

from llm_stats.schema.record import UtcTime


@dataclass(frozen=True)
class FetchResult:
    """What became of one id: the row of `raw.fetches`, and the row of `raw.models` if the record was loaded."""

    fetch: Fetch
    row: dict[str, Any] | None = None


Outcome = Literal["loaded", "not_found", "rejected", "failed", "deferred"]


class Fetch(BaseModel):
    """What became of one id in one run: one row of `raw.fetches`."""

    model_id: str = Field(description="Model asked for")
    requested_at: UtcTime = Field(
        description="When the answer arrived, or when it was decided not to ask (UTC)"
    )
    outcome: Outcome = Field(
        description="`loaded`, `not_found`, `rejected` (answered, but the record breaks the contract), `failed`, "
        "or `deferred` (left to the next run: budget or quota spent, or the run was stopped)"
    )
    http_status: int | None = Field(
        None, description="HTTP status of the last answer; null: no answer"
    )
    error_code: str | None = Field(None, description="The API's own error code; null: none given")
    message: str | None = Field(None, description="What went wrong, in words; null: nothing")
    attempts: int = Field(
        0,
        description="Requests sent for this id in this run, retries included; 0: none, or answered from the cache",
    )
    elapsed_ms: int = Field(
        0, description="Milliseconds from the first request to the outcome, waiting included"
    )


def stalest_first(
    model_ids: Iterable[str],
    fetched_at: Mapping[str, dt.datetime],
    max_age: dt.timedelta,
    failing_at: Mapping[str, dt.datetime] | None = None,
) -> list[str]:
    """Return the ids due for a fetch, each once: never fetched first, then oldest first.

    `fetched_at` and `failing_at` hold the last success and the last failure of an id (UTC).
    Ids fetched within `max_age` are left out; zero leaves out none. A failing id is ordered by its
    last failure; otherwise it would use up the budget of every run.
    """
    never, now = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.now(dt.UTC)
    last = {model_id: fetched_at.get(model_id, never) for model_id in model_ids}
    failed = failing_at or {}
    due = [model_id for model_id, moment in last.items() if not max_age or now - moment > max_age]
    return sorted(due, key=lambda model_id: max(last[model_id], failed.get(model_id, never)))
