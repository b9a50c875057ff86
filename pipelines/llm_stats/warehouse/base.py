"""What a warehouse holds already, as far as it decides what to ask for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Self

from llm_stats.warehouse.reader import Reader

_FAILING = """
    select fetches.model_id, max(fetches.requested_at)
    from raw.fetches as fetches
    left join raw.models as models on fetches.model_id = models.id
    where fetches.outcome not in ('loaded', 'deferred') and fetches.requested_at > coalesce(models.fetched_at, '-infinity')
    group by fetches.model_id
"""


@dataclass(frozen=True)
class Known:
    """All times are UTC.

    `last_asked_at`: when the last run asked for the last time; `fetched_at`: when each model was last fetched; `failing_at`: when each
    model that was asked for in vain since it last loaded last failed.
    """

    last_asked_at: dt.datetime | None = None
    fetched_at: dict[str, dt.datetime] = field(default_factory=dict)
    failing_at: dict[str, dt.datetime] = field(default_factory=dict)

    @classmethod
    def by(cls, reader: Reader) -> Self:
        """Raises `UsageError` if the warehouse cannot be read."""
        ((last_asked_at,),) = reader.query("select max(requested_at) from raw.fetches").rows
        return cls(
            last_asked_at and _utc(last_asked_at),
            {model_id: _utc(moment) for model_id, moment in reader.query("select id, fetched_at from raw.models").rows},
            {model_id: _utc(moment) for model_id, moment in reader.query(_FAILING).rows},
        )


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)
