"""Outcomes that a run stores, and outcomes that end the run with an error."""

from __future__ import annotations

from collections import Counter

import pytest
from llm_stats.api.stop import StopKind, StopReason, require_any_answer
from llm_stats.errors import NothingFetched
from support.parameter_ids import parameter_id


@pytest.mark.parametrize(
    ("outcomes", "stop"),
    [
        ([], None),
        (["failed", "loaded"], "unreachable"),
        (["failed", "not_modified"], "unreachable"),
        (["failed", "not_found"], None),
        (["failed", "rejected"], "unreachable"),
        (["deferred"], "quota"),
        (["failed", "deferred"], "budget"),
        (["not_found", "deferred"], "budget"),
    ],
    ids=parameter_id,
)
def test_outcomes_that_are_stored(outcomes: list[str], stop: StopKind | None) -> None:
    reason = StopReason(stop, "why") if stop else None
    require_any_answer(Counter(outcomes), reason, "first")


@pytest.mark.parametrize(
    ("outcomes", "stop", "message"),
    [
        (["failed"], None, "first"),
        (["failed", "deferred"], "unreachable", "why"),
        (["not_found"], "wrong_base_url", "why"),
        (["rejected", "deferred"], "wrong_base_url", "why"),
    ],
    ids=parameter_id,
)
def test_outcomes_that_are_an_error(
    outcomes: list[str], stop: StopKind | None, message: str
) -> None:
    reason = StopReason(stop, "why") if stop else None
    with pytest.raises(NothingFetched, match=f"^nothing could be fetched: {message}$"):
        require_any_answer(Counter(outcomes), reason, "first")
