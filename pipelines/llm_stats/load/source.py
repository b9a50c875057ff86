"""dlt source: one Arrow resource per raw table.

A hidden resource, `fetch_results`, yields pages. A page contains the results for up to 50 models,
as a dict with one Arrow table per raw table. Each raw table has a transformer, which selects this
table from every page.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Self

import dlt
import pyarrow as pa
from dlt.common import logger
from dlt.common.configuration import with_config
from dlt.common.schema.typing import TTableReference
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource
from dlt.extract.source import DltSource

from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.stop import require_any_answer
from llm_stats.errors import NothingFetched, QuotaSpent
from llm_stats.fetch.client import Client
from llm_stats.schema.arrow import add_tombstones, to_arrow
from llm_stats.schema.fetch import FetchResult, stalest_first
from llm_stats.schema.tables import (
    FETCHED_AT,
    IS_TOMBSTONE,
    LOAD_ID,
    RECORD_TABLES,
    TABLE_COMMENTS,
    TABLES,
)
from llm_stats.selection import PYTHON, require_selection
from llm_stats.settings import BASE_URL, Settings

#: Models per page. dlt takes about 12 ms per page, whatever the number of models.
_PAGE_SIZE = 50

#: Reference from each child table to `models`, so that dlt can join the tables.
_TO_MODELS: TTableReference = {
    "referenced_table": "models",
    "columns": ["model_id"],
    "referenced_columns": ["id"],
}

#: Arrow tables by name of the raw table. A page may omit tables without rows.
Page = dict[str, pa.Table]


class LlmStatsSource(DltSource):
    """Source of raw tables; its `add_limit` counts pages of up to 50 models.

    dlt's own `add_limit` would have no effect, because it skips transformers, and all selected
    resources of this source are transformers.
    """

    def add_limit(
        self,
        max_items: int | None = None,
        max_time: float | None = None,
        count_rows: bool | None = False,
    ) -> Self:
        """Stop requesting after `max_items` pages or `max_time` seconds; return the source."""
        pages = self.resources["fetch_results"]
        pages.add_limit(max_items, max_time=max_time, count_rows=count_rows)
        return self

    def clone(self, with_name: str | None = None) -> Self:
        """Return a copy that is also an `LlmStatsSource`; dlt's `clone()` returns a `DltSource`.

        `with_resources()` returns a clone. Without this override, the clone would have dlt's
        `add_limit()` instead of ours.
        """
        resources = list(self.resources.values())
        return type(self)(self.schema.clone(with_name or self.name), self.section, resources)


@dlt.source(name="llm_stats", section="llm_stats", max_table_nesting=0, _impl_cls=LlmStatsSource)
def llm_stats(
    model_ids: Sequence[str] | None = None,
    all_models: bool = False,
    api_key: TSecretStrValue | None = None,
    base_url: str = BASE_URL,
    requests_per_minute: int = 50,
    concurrency: int = 8,
    max_requests: int | None = None,
    max_age: str = "0s",
) -> list[DltResource]:
    """Return a dlt source of model records: `models`, four child tables and `fetches`.

        from llm_stats import llm_stats
        pipeline = dlt.pipeline("models", destination="duckdb", dataset_name="llm_stats_raw")
        pipeline.run(llm_stats(["gpt-5-2025-08-07"], max_age="12h"))

    A fetched model replaces its row in `models` and its rows in the child tables; the rows of
    other models stay. `fetches` gets one row per requested id. `add_limit(n)` stops requesting
    after n pages of 50 models.

    The requests are unconditional, because a 304 would return no rows to merge.

    `all_models` requests every model that the API lists; ids in dlt's configuration are then
    ignored. `max_requests` limits the requests, including retries. `max_age`, such as "6h" or
    "7d", skips models fetched within this time. The fetch times are kept in dlt's source state,
    separately for each selection of tables. dlt can restore this state from the destination, for
    example on another machine. The state is read and written only if `max_age` is set.

    Settings that are not passed come from dlt's configuration (`[sources.llm_stats]`). The API key
    may also come from `LLM_STATS_API_KEY`. The extract step raises `UsageError` if there is no key
    or no model id, or if ids and `all_models` are both passed. It raises `NothingFetched` if no
    request had a usable response or a page of the catalog failed. If the quota or `max_requests` is
    used up while models are fetched, the load ends without an error. With `max_age`, the next load
    continues with the remaining ids. Without `max_age`, the next load starts with the first id.
    """
    are_ids_given = bool(model_ids) and model_ids != _configured_ids()

    def pages() -> Iterator[Page]:
        ids = model_ids if model_ids is None or isinstance(model_ids, str) else list(model_ids)
        settings = Settings.read(
            model_ids=ids,
            api_key=api_key,
            base_url=base_url,
            requests_per_minute=requests_per_minute,
            concurrency=concurrency,
            max_requests=max_requests,
            max_age=max_age,
        )
        require_selection(
            PYTHON, settings.model_ids, are_given=are_ids_given, all_models=all_models
        )
        state = _state_of_tables() if settings.max_age else {}
        fetched_at: dict[str, dt.datetime] = state.setdefault("fetched_at", {})
        failing_at: dict[str, dt.datetime] = state.setdefault("failing_at", {})
        with Client(
            settings.base_url,
            settings.require_key(),
            rate_limiter=RateLimiter(settings.requests_per_minute),
            concurrency=settings.concurrency,
            max_requests=settings.max_requests,
        ) as client:
            listed = _read_ids(client) if all_models else settings.model_ids
            min_age = settings.max_age or dt.timedelta(0)
            due = stalest_first(listed, fetched_at, min_age, failing_at)
            results = client.fetch_models(
                due, fetched_at, failing_at, max_ahead=2 * settings.concurrency
            )
            outcomes: Counter[str] = Counter()
            first_problem = None
            for page in to_pages(results, _PAGE_SIZE):
                for fetch, row in ((result.fetch, result.row) for result in page):
                    outcomes[fetch.outcome] += 1
                    first_problem = first_problem or fetch.message
                    if row is not None:
                        fetched_at[fetch.model_id] = row["fetched_at"].replace(tzinfo=dt.UTC)
                        failing_at.pop(fetch.model_id, None)
                    elif fetch.outcome != "deferred":
                        failing_at[fetch.model_id] = fetch.requested_at.replace(tzinfo=dt.UTC)
                yield add_tombstones(to_arrow(page))
            require_any_answer(outcomes, client.stop_reason, first_problem)

    return raw_tables(pages, merge=True)


@with_config
def _configured_ids(model_ids: Sequence[str] | None = None) -> Sequence[str] | None:
    """Return the ids in dlt's configuration; dlt passes them to the source like a caller's ids."""
    return model_ids


def _state_of_tables() -> dict[str, Any]:
    """Return the part of the source state that belongs to the selected tables.

    A model that was loaded into some tables must not be skipped in a load of other tables.
    """
    tables = ",".join(sorted(dlt.current.source().selected_resources))
    state: dict[str, Any] = dlt.current.source_state().setdefault(tables, {})
    return state


def _read_ids(client: Client) -> list[str]:
    """Return the ids in the catalog; log a warning if the catalog is incomplete.

    Raises `NothingFetched` if a page does not arrive, and `QuotaSpent` if the quota or the budget
    does not cover all pages.
    """
    catalog = client.read_catalog()
    if catalog.cut_off:
        error = QuotaSpent if catalog.cut_off == "deferred" else NothingFetched
        raise error(f"the catalog could not be read: {catalog.gap}")
    if catalog.gap:
        logger.warning(f"the catalog is incomplete: {catalog.gap}")
    return catalog.model_ids


def to_pages(results: Iterable[FetchResult], size: int) -> Iterator[list[FetchResult]]:
    """Yield the results in lists of at most `size`."""
    remaining = iter(results)
    while page := list(islice(remaining, size)):
        yield page


def raw_tables(pages: Callable[[], Iterator[Page]], *, merge: bool) -> list[DltResource]:
    """Return a hidden resource that yields the pages, and a transformer for each raw table.

    With `merge`, each loaded model replaces its earlier rows in `models` and the child tables. The
    pages must then contain tombstones (see `add_tombstones`). Without `merge`, all rows are
    appended, and the tables of the catalog are included.
    """
    base = dlt.resource(pages, name="fetch_results", selected=False)
    tables = RECORD_TABLES if merge else TABLES
    return [base, *(_raw_table(base, table, merge=merge) for table in tables)]


def _raw_table(base: DltResource, table: str, *, merge: bool) -> DltResource:
    keys: dict[str, Any] = {"merge_key": "model_id"} if "__" in table else {"primary_key": "id"}
    is_merged = merge and table != "fetches"
    resource = dlt.transformer(
        lambda page: page.get(table),
        data_from=base,
        name=table,
        columns=_column_hints(table, merge=merge),
        write_disposition="merge" if is_merged else "append",
        **(keys if is_merged else {}),
    )
    return resource.apply_hints(
        additional_table_hints={"description": TABLE_COMMENTS[table]},
        references=[_TO_MODELS] if merge and "__" in table else None,
    )


def _column_hints(table: str, *, merge: bool) -> Any:
    """Return dlt's hints for the columns of a raw table.

    Without `merge`, only times and the load id have hints. An Arrow column already states its type
    and nullability, and each hint makes the load slower. The load id is nullable, because dlt
    leaves it empty; `load.merge` writes it.
    """
    columns = TABLES[table]
    if merge:
        hints = [column.dlt_hint for column in columns if column != LOAD_ID]
        if "__" in table:
            hints += [FETCHED_AT.dlt_hint, {**IS_TOMBSTONE.dlt_hint, "hard_delete": True}]
        return hints
    hints = [column.dlt_hint for column in columns if column.data_type == "timestamp"]
    if LOAD_ID in columns:
        hints.append({**LOAD_ID.dlt_hint, "nullable": True})
    return hints
