"""One run: read the catalog, fetch due models, load both into a working copy, check and publish it.

A run for named ids does not read the catalog.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

# `import llm_stats` loads this module and must be fast, so `execute` imports everything else.
from llm_stats.errors import (
    CheckFailed,
    Interrupted,
    LlmStatsError,
    NothingFetched,
    QuotaSpent,
)
from llm_stats.pipeline.interrupts import interrupted, is_interrupt
from llm_stats.pipeline.result import RunResult
from llm_stats.text import format_command, pluralize

if TYPE_CHECKING:
    from llm_stats.fetch.cache import ResponseCache
    from llm_stats.fetch.client import Client
    from llm_stats.pipeline.progress import Progress
    from llm_stats.settings import Settings
    from llm_stats.transform.checks import Scope
    from llm_stats.warehouse.base import Warehouse, WorkingCopy
    from llm_stats.warehouse.reader import Reader

    Clock = Callable[[], dt.datetime]


def execute(
    settings: Settings,
    *,
    all_models: bool = False,
    catalog_only: bool = False,
    allowed_failures: Collection[str] = (),
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> RunResult:
    """Execute the run that `settings` describe; the caller has called `require_selection`.

    `all_models` reads the catalog and fetches every listed model that is due; with `catalog_only`,
    no model is fetched. `allowed_failures` names checks whose errors are only warnings in this run.
    `progress` displays how many results have arrived. `clock` returns the current time (UTC).
    """
    from llm_stats.api.rate_limit import RateLimiter
    from llm_stats.api.stop import require_any_answer
    from llm_stats.destinations import open_warehouse
    from llm_stats.fetch.cache import ResponseCache
    from llm_stats.fetch.client import Client
    from llm_stats.pipeline.plan import make_plan, require_clock
    from llm_stats.queries.checks import require_known_checks

    started = time.monotonic()
    api_key = settings.require_key()
    now = clock or (lambda: dt.datetime.now(dt.UTC))
    require_known_checks(allowed_failures)
    warehouse = open_warehouse(settings)
    result = RunResult(warehouse.database, warehouse.destination, all_models=all_models)
    cache = ResponseCache(warehouse.cache, settings.cache_ttl)
    rate_limiter = RateLimiter(settings.requests_per_minute)
    client = Client(
        settings.base_url,
        api_key,
        rate_limiter=rate_limiter,
        concurrency=settings.concurrency,
        max_requests=settings.max_requests,
        cache=cache,
        clock=now,
    )
    with client, warehouse.lock(), cache:
        with _drain_on_error(client, cache, result):
            rate_limiter.restore(cache.request_ages(rate_limiter.window_seconds))
            if progress and all_models:
                progress.announce_wait(rate_limiter)
            with warehouse.working_copy() as copy:
                result.is_migrated = copy.migrate()
                state = copy.fetch_state()
                require_clock(now(), state.last_attempted_at, warehouse)
                catalog = None
                if all_models:
                    _import_dlt()
                    catalog = client.read_catalog(state.summaries)
                plan = make_plan(
                    settings,
                    catalog,
                    state,
                    now(),
                    allowed_failures=allowed_failures,
                    catalog_only=catalog_only,
                )
                result.known_failures = frozenset(state.failing_at)
                result.requested, result.skipped = len(plan.due), plan.skipped
                result.catalog = plan.catalog_summary
                # this call sends the first requests; more are sent while the views are created
                results = client.fetch_models(
                    plan.due, state.fetched_at, state.failing_at, validators=plan.validators
                )
                fetched = result.count(plan.with_catalog(results))
                has_news = bool(plan.due or catalog)
                if has_news or result.is_migrated:
                    copy.create_views()
                if has_news:
                    if progress and plan.due:
                        fetched = progress.show(fetched, len(plan.due), rate_limiter)
                    result.load_id = copy.load(fetched, plan.catalog_load)
                    result.stop_reason, result.quota = client.stop_reason, client.quota
                    result.is_base_url_confirmed = client.is_base_url_confirmed
                    if not (catalog and catalog.has_summaries):
                        require_any_answer(
                            result.outcomes, result.stop_reason, result.first_problem
                        )
                    copy.merge(result.load_id)
                if has_news or result.is_migrated:
                    scope = copy.update_history(now())
                    try:
                        _run_checks(copy, scope, result, allowed_failures)
                    except CheckFailed as failure:
                        rejected = warehouse.quarantine(copy, failure)
                        next_steps = _describe_next_steps(failure, cache)
                        raise CheckFailed(f"{rejected}\n{next_steps}") from None
                    _read_changes(copy, result)
                    _publish(warehouse, copy)
                    result.is_published = True
        cache.end_run()
        result.requests_sent = client.requests_sent
        result.elapsed_seconds = time.monotonic() - started
        _require_loaded(result)
    return result


def _import_dlt() -> None:
    """Import dlt in another thread while the catalog is read."""
    module = "llm_stats.load.source"
    threading.Thread(target=importlib.import_module, args=[module], daemon=True).start()


def _run_checks(
    copy: WorkingCopy, scope: Scope, result: RunResult, allowed_failures: Collection[str]
) -> None:
    """Run the checks and store the warnings in `result`. Raises `CheckFailed`."""
    from llm_stats.queries.checks import require_passing
    from llm_stats.transform.checks import Scope

    if scope is not Scope.NONE:
        load_id = result.load_id if scope is Scope.LOADED else None
        with copy.open_for_checks(load_id) as reader:
            result.warnings = require_passing(reader, allowed_failures, scope)


def _describe_next_steps(failure: CheckFailed, cache: ResponseCache) -> str:
    """Return hints: how to request the models again, and how to publish despite failed checks."""
    allowed = " ".join(f"--allow-failure {check}" for check in failure.checks)
    again = (
        "the next run reuses the responses; to request them again: "
        "SOURCES__LLM_STATS__CACHE_TTL=0 llm-stats run …\n"
        if cache.cached_count
        else ""
    )
    return f"{again}if the data is right, to publish it: llm-stats run … {allowed}"


def _read_changes(copy: WorkingCopy, result: RunResult) -> None:
    """Store the changes of this run and the attribution of the data in `result`.

    Raises `LlmStatsError` if the run and the working copy have different outcomes.
    """
    from llm_stats.queries import changes
    from llm_stats.queries.attribution import read_attribution

    with copy.open_reader() as reader:
        _require_consistent_counts(result, reader)
        result.changes = changes.of_load(reader, result.load_id)
        result.attribution = read_attribution(reader).text
        result.new_models = changes.new_models(reader, result.load_id)


def _publish(warehouse: Warehouse, copy: WorkingCopy) -> None:
    """Publish the working copy.

    On Ctrl-C, raises `Interrupted`. The copy may have been published by then, so the message refers
    to `llm-stats status`.
    """
    try:
        warehouse.publish(copy)
    except KeyboardInterrupt:
        command = format_command("status", None if warehouse.destination else warehouse.database)
        raise interrupted(f"{command} shows whether this run was published") from None


@contextlib.contextmanager
def _drain_on_error(client: Client, cache: ResponseCache, result: RunResult) -> Iterator[None]:
    """If the block raises an error, cache the pending responses and close the client.

    After Ctrl-C or another signal, raise `Interrupted`. The message states whether the run was
    published and, if not, how many responses are cached. The messages of
    `NothingFetched` and `QuotaSpent` end with `nothing was published`.
    """
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(KeyboardInterrupt):  # a second Ctrl-C only ends the wait
            client.close()
        if isinstance(error, NothingFetched | QuotaSpent):
            raise type(error)(f"{error}; nothing was published") from None
        if isinstance(error, Interrupted) or not is_interrupt(error):
            raise
        if result.is_published:
            raise interrupted("the run was published") from None
        cached = pluralize(cache.cached_count, "response is", "responses are")
        raise interrupted(f"nothing was published, {cached} kept for the next run") from None


def _require_loaded(result: RunResult) -> None:
    """Raise `NothingFetched` if the published run has exit code 3."""
    if result.exit_code == NothingFetched.exit_code:
        first = result.problems[0]
        raise NothingFetched(
            f"nothing could be fetched: {result.message}; {first.model_id}: {first.message}; "
            "`llm-stats status` lists the models that failed"
        )


def _require_consistent_counts(result: RunResult, reader: Reader) -> None:
    """Raise `LlmStatsError` unless the run and the working copy have the same outcomes.

    Each requested id must have one outcome. A load that lost rows must not be published.
    """
    query = """
        select outcome, count(*) from raw.fetches
        where _dlt_load_id = ? group by outcome limit 10
    """
    stored = dict(reader.query(query, (result.load_id,)).rows)
    counted = dict(result.outcomes)
    if result.requested != result.outcomes.total() or stored != counted:
        raise LlmStatsError(
            f"inconsistent counts: {result.requested} requested, {counted} fetched, "
            f"{stored} in the warehouse; nothing was published; please report it"
        )
