"""What a run needs of a warehouse: the protocols `Warehouse` and `WorkingCopy`, and the state that decides what to fetch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from llm_stats.warehouse.reader import Reader

if TYPE_CHECKING:
    from llm_stats.schema.fetch import FetchResult

_FAILING = """
    select fetches.model_id, max(fetches.requested_at)
    from raw.fetches as fetches
    left join raw.models as models on fetches.model_id = models.id
    where fetches.outcome not in ('loaded', 'deferred') and fetches.requested_at > coalesce(models.fetched_at, '-infinity')
    group by fetches.model_id
"""


@dataclass(frozen=True)
class FetchState:
    """All times are UTC.

    `last_attempted_at`: when the last run asked for the last time; `fetched_at`: when each model was last fetched; `failing_at`: when each
    model that was asked for in vain since it last loaded last failed.
    """

    last_attempted_at: dt.datetime | None = None
    fetched_at: dict[str, dt.datetime] = field(default_factory=dict)
    failing_at: dict[str, dt.datetime] = field(default_factory=dict)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises `UsageError` if the warehouse cannot be read."""
        ((last_attempted_at,),) = reader.query("select max(requested_at) from raw.fetches").rows
        return cls(
            last_attempted_at and _utc(last_attempted_at),
            {model_id: _utc(moment) for model_id, moment in reader.query("select id, fetched_at from raw.models").rows},
            {model_id: _utc(moment) for model_id, moment in reader.query(_FAILING).rows},
        )


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


class WorkingCopy(Protocol):
    """What a run works on, seen by nobody else until it is published."""

    def load(self, answers: Iterable[FetchResult]) -> str: ...
    def build(self, load_id: str) -> None: ...
    def reader(self) -> Reader: ...
    def open_for_checks(self) -> Reader: ...
    def quarantine(self, path: Path) -> str: ...


class Warehouse(Protocol):
    """The steps that a run takes with a warehouse, wherever it lives."""

    database: Path
    #: Where an engine has it; empty for a file.
    destination: str
    cache: Path

    def lock(self) -> AbstractContextManager[None]: ...
    def fetch_state(self) -> FetchState: ...
    def working_copy(self) -> AbstractContextManager[Any]: ...
    def quarantine_on_failure(self, copy: Any) -> AbstractContextManager[None]: ...
    def publish(self, copy: Any) -> None: ...
