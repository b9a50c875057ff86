"""The story of one run: ids → records → working copy → checks → published file."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from llm_stats import checks
from llm_stats.cache import ResponseCache
from llm_stats.client import Answer, Client, Stop
from llm_stats.errors import NothingFetched, UsageError
from llm_stats.pace import Pace
from llm_stats.record import Fetch, Outcome, new_fields
from llm_stats.settings import Settings
from llm_stats.warehouse import Warehouse


@dataclass
class Result:
    """What a run did. `asked == loaded + not_found + rejected + failed + deferred`, always."""

    database: Path
    load_id: str = ""
    outcomes: Counter[str] = field(default_factory=Counter)
    not_loaded: list[Fetch] = field(default_factory=list)
    new_fields: set[str] = field(default_factory=set)
    fresh: int = 0
    requests_sent: int = 0
    stop: Stop | None = None
    warnings: list[checks.Finding] = field(default_factory=list)
    account: dict[str, Any] | None = None
    elapsed_seconds: float = 0.0

    @property
    def asked(self) -> int:
        return self.outcomes.total()

    @property
    def exit_code(self) -> int:
        """0: all loaded; 4: some ids failed, were rejected or not found; 75: nothing wrong, but some are left to the next run."""
        if any(self.outcomes[outcome] for outcome in ("failed", "rejected", "not_found")):
            return 4
        return 75 if self.outcomes["deferred"] else 0

    def lines(self) -> Iterator[str]:
        """The run in words, as the command prints it."""
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in get_args(Outcome) if self.outcomes[outcome])
        yield f"{self.asked} models asked: {counts or 'none'}; {self.requests_sent} requests in {self.elapsed_seconds:.1f} s"
        if self.fresh:
            yield f"{self.fresh} models left out, for they are fresh enough"
        problems = [fetch for fetch in self.not_loaded if fetch.outcome != "deferred"]
        yield from (f"  {fetch.outcome}: {fetch.model_id}: {fetch.message}" for fetch in problems[:20])
        if len(problems) > 20:
            yield f"  and {len(problems) - 20} more: select * from marts.freshness where last_outcome <> 'loaded'"
        if self.stop:
            yield f"stopped early: {self.stop.message}; the rest is left to the next run"
        if self.new_fields:
            yield f"new fields, kept in the column `extra`: {', '.join(sorted(self.new_fields))}"
        yield from map(str, self.warnings)
        yield f"published {self.database}"

    def count(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """The same answers, counted as they pass."""
        for answer in answers:
            self.outcomes[answer.fetch.outcome] += 1
            if answer.row is None:
                self.not_loaded.append(answer.fetch)
            else:
                self.new_fields |= new_fields(answer.row)
            yield answer


Progress = Callable[[Iterable[Answer], int], Iterable[Answer]]


def run(settings: Settings | None = None, *, all_models: bool = False, progress: Progress | None = None) -> Result:
    """One run, from ids to the published file.

    `settings` default to what environment and `.dlt/` say; `all_models` asks the API for the ids instead; `progress` passes answers on
    and shows how many of so many have passed. Raises an `LlmStatsError` when nothing was published; then the published file is what it was.
    """
    settings = settings or Settings.read()
    started = time.monotonic()
    _require_key_and_ids(settings, all_models)
    warehouse = Warehouse(settings.database, settings.keep_snapshots)
    result = Result(warehouse.database)
    with warehouse.lock(), ResponseCache(warehouse.cache, settings.cache_for) as cache, _client(settings, cache) as client:
        model_ids = client.list_ids() if all_models else settings.model_ids
        due = stalest_first(model_ids, warehouse.fetched_at(), settings.max_age)
        result.fresh = len(model_ids) - len(due)
        with warehouse.working_copy() as copy:
            answers = result.count(client.fetch(due))
            result.load_id = copy.load(_resources(progress(answers, len(due)) if progress else answers))
            result.stop = client.stop
            _require_an_answer(result)
            copy.build()
            result.warnings = checks.require(copy.path)
            warehouse.publish(copy)
        cache.clear_used()
        result.account = client.account()
        result.requests_sent = client.requests_sent
    result.elapsed_seconds = time.monotonic() - started
    return result


def stalest_first(model_ids: Sequence[str], fetched_at: dict[str, dt.datetime], max_age: dt.timedelta) -> list[str]:
    """The ids worth asking for, so that a small budget is spent where it helps most: never fetched first, then the longest ago."""
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    fresh_since = dt.datetime.now(dt.UTC) - max_age
    due = [model_id for model_id in dict.fromkeys(model_ids) if max_age == dt.timedelta(0) or fetched_at.get(model_id, never) < fresh_since]
    return sorted(due, key=lambda model_id: fetched_at.get(model_id, never))


def _client(settings: Settings, cache: ResponseCache) -> Client:
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return Client(
        settings.base_url,
        key,
        pace=Pace(settings.requests_per_minute),
        concurrency=settings.concurrency,
        max_requests=settings.max_requests,
        cache=cache,
    )


def _resources(answers: Iterable[Answer]) -> Any:
    from llm_stats.source import resources  # imports dlt, which takes a second: not before it is known to be needed

    return resources(answers)


def _require_key_and_ids(settings: Settings, all_models: bool) -> None:
    if settings.api_key is None:
        raise UsageError("no API key: set LLM_STATS_API_KEY, or api_key in .dlt/secrets.toml under [sources.llm_stats]")
    if not settings.model_ids and not all_models:
        raise UsageError("no models to fetch: name ids, or use --ids-file FILE, model_ids in .dlt/config.toml, or --all")


def _require_an_answer(result: Result) -> None:
    """A run in which the API answered for no id at all has nothing to publish."""
    answered = result.asked - result.outcomes["failed"] - result.outcomes["deferred"]
    if result.asked and not answered and not (result.stop and result.stop.kind in ("quota", "budget")):
        why = result.stop.message if result.stop else result.not_loaded[0].message
        raise NothingFetched(f"nothing could be fetched: {why}")
