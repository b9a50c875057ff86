"""A run in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from llm_stats.record import Outcome
from llm_stats.run import Result

_MOST_LINES = 20
_MOST_FACTS = 8
_ON_QUOTA = re.compile("quota|limit|us(ed|age)|remain|left|reset|plan|tier", re.IGNORECASE)


def summary(result: Result) -> Iterator[str]:
    """Line by line: counts, what did not load and why, what was new, where the file is."""
    counts = ", ".join(f"{result.outcomes[outcome]} {outcome}" for outcome in get_args(Outcome) if result.outcomes[outcome])
    asked, sent = _count(result.asked, "model"), _count(result.requests_sent, "request")
    yield f"{asked} asked: {counts or 'none'}; {sent} in {result.elapsed_seconds:.1f} s"
    if result.fresh:
        yield _count(result.fresh, "model left out, for it is fresh enough", "models left out, for they are fresh enough")
    problems = [fetch for fetch in result.not_loaded if fetch.outcome != "deferred"]
    yield from (f"  {fetch.outcome}: {fetch.model_id}: {fetch.message}" for fetch in problems[:_MOST_LINES])
    if len(problems) > _MOST_LINES:
        yield f"  and {len(problems) - _MOST_LINES} more: select * from marts.freshness where last_outcome <> 'loaded'"
    if result.stop:
        yield f"stopped early: {result.stop.message}; {_count(result.outcomes['deferred'], 'model is', 'models are')} left to the next run"
    if left := ", ".join(_quota(result.account)):
        yield f"account: {left}"
    if result.new_fields:
        yield f"new fields, kept in the column `extra`: {', '.join(sorted(result.new_fields))}"
    if result.load_id == "":
        yield "nothing is due, so nothing was published"
        return
    yield from map(str, result.warnings)
    changes = [row[0] for row in result.changes.only("change").rows] if result.changes else []
    yield _news(result, len(changes)) + (", biggest first:" if changes else "")
    yield from (f"  {change}" for change in changes[:_MOST_LINES])
    if len(changes) > _MOST_LINES:
        yield f"  and {len(changes) - _MOST_LINES} more: llm-stats changes"
    yield f"published {result.database}"


def _news(result: Result, changes: int) -> str:
    """`14 new models` of a first run, `2 new models, 6 changes` or `0 changes` of a later one."""
    new = result.new_models
    only_new = new and new == result.outcomes["loaded"]
    return ", ".join(([_count(new, "new model")] if new else []) + ([] if only_new and not changes else [_count(changes, "change")]))


def _count(number: int, one: str, many: str = "") -> str:
    """`1 model`, `2 models`"""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _quota(account: dict[str, Any] | None) -> list[str]:
    """`{"plan": "free", "email": "…", "quota": {"limit": 250, "used": 7}}` → `["plan free", "quota.limit 250", "quota.used 7"]`.

    Nobody has documented the shape, so a name that speaks of a quota decides; what else an account may hold is nobody's business.
    """

    def facts(part: dict[str, Any], path: str) -> Iterator[str]:
        for name, value in part.items():
            if isinstance(value, dict) and path.count(".") < 2:
                yield from facts(value, f"{path}{name}.")
            elif isinstance(value, str | int | float) and _ON_QUOTA.search(path + name):
                yield f"{path}{name} {value}"[:80]

    return list(facts(account or {}, ""))[:_MOST_FACTS]
