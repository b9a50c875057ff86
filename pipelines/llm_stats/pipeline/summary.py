"""A run in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from llm_stats.pipeline.result import Result, counted

_MOST_LINES = 20
_MOST_FACTS = 8
_ON_QUOTA = re.compile("quota|limit|us(ed|age)|remain|left|reset|plan|tier", re.IGNORECASE)


def summary(result: Result) -> Iterator[str]:
    """Line by line: counts, what did not load and why, what was new, where the file is."""
    yield result.message
    if result.fresh:
        yield counted(result.fresh, "model left out, for it is fresh enough", "models left out, for they are fresh enough")
    problems = result.problems
    yield from (f"  {fetch.outcome}: {fetch.model_id}: {fetch.message}" for fetch in problems[:_MOST_LINES])
    if len(problems) > _MOST_LINES:
        yield f"  and {len(problems) - _MOST_LINES} more: select * from marts.freshness where last_outcome <> 'loaded'"
    if result.stop:
        yield f"stopped early: {result.stop.message}; {counted(result.outcomes['deferred'], 'model is', 'models are')} left to the next run"
    if left := ", ".join(_quota(result.account)):
        yield f"account: {left}"
    if result.new_fields:
        yield f"new fields, kept in the column `extra`: {', '.join(sorted(result.new_fields))}"
    if not result.is_published:
        yield "nothing is due, so nothing was published"
        return
    yield from map(str, result.warnings)
    changes = [row[0] for row in result.changes.only("change").rows] if result.changes else []
    yield _news(result, len(changes)) + (", biggest first:" if changes else "")
    yield from (f"  {change}" for change in changes[:_MOST_LINES])
    if len(changes) > _MOST_LINES:
        yield f"  and {len(changes) - _MOST_LINES} more: llm-stats changes"
    yield f"published {result.place}"


def _news(result: Result, changes: int) -> str:
    """`14 new models` of a first run, `2 new models, 6 changes` or `0 changes` of a later one."""
    new = len(result.new_models)
    only_new = new and new == result.outcomes["loaded"]
    return ", ".join(([counted(new, "new model")] if new else []) + ([] if only_new and not changes else [counted(changes, "change")]))


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
