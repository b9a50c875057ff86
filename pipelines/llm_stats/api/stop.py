"""Reasons why fetching stopped early, and the error for a fetch without any usable response."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from llm_stats.errors import NothingFetched
from llm_stats.schema.fetch import SUCCESSES

StopKind = Literal[
    "unauthorized", "quota", "budget", "unreachable", "wrong_base_url", "cache_error", "closed"
]


@dataclass(frozen=True)
class StopReason:
    """The reason why fetching stopped early."""

    kind: StopKind
    message: str

    @property
    def is_quota(self) -> bool:
        """Whether the quota or the budget is spent. A later run can then continue."""
        return self.kind in ("quota", "budget")


class FetchingStopped(Exception):
    """Exception for a request that has no result because fetching has stopped."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.message)
        self.reason = reason


def require_any_answer(
    outcomes: Counter[str], stop: StopReason | None, first_problem: str | None
) -> None:
    """Raise `NothingFetched` if no model was fetched and one of two conditions is met:

    - the base URL looks wrong;
    - all requests failed, and neither the quota nor the budget ended the fetch.

    If the quota or the budget ended the fetch, no error is raised. The failures are then stored,
    and the next run requests the deferred models before the failed models. `first_problem` is the
    message of the first model that did not load.
    """
    if any(outcomes[success] for success in SUCCESSES):
        return
    kind = stop.kind if stop else None
    has_answer = not outcomes.keys() <= {"failed", "deferred"} or kind in ("quota", "budget")
    if kind == "wrong_base_url" or (outcomes and not has_answer):
        raise NothingFetched(f"nothing could be fetched: {stop.message if stop else first_problem}")
