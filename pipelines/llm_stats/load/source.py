"""The dlt source: tables, keys, hints. Nothing else.

    import dlt
    from llm_stats import llm_stats

    dlt.pipeline("models", destination="duckdb", dataset_name="raw").run(llm_stats(["gpt-5-2025-08-07"]))

One answer per id feeds two tables: `models` (merge on `id`; dlt turns its lists into child tables, every child row with `model_id`) and
`fetches` (append: what became of each id). dlt makes a child table when the first list with an entry arrives.

`llm_stats.run()` has the same answers loaded in columns (`batches`), which takes dlt a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import dlt
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from llm_stats.api.client import Client
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.errors import NothingFetched
from llm_stats.schema.arrow import to_arrow
from llm_stats.schema.fetch import FetchResult
from llm_stats.schema.tables import TABLES
from llm_stats.settings import BASE_URL, Settings

_PAGE = 200


@dlt.source(name="llm_stats", section="llm_stats")
def llm_stats(
    model_ids: Sequence[str] = dlt.config.value,
    api_key: TSecretStrValue | None = None,
    base_url: str = BASE_URL,
    requests_per_minute: int = 50,
    concurrency: int = 8,
) -> list[DltResource]:
    """Model records for a list of ids, from the API to two resources, `models` and `fetches`.

    The key comes from the argument, from dlt's secrets (`sources.llm_stats.api_key`) or from `LLM_STATS_API_KEY`. Raises `UsageError`
    without one, and `NothingFetched`, out of the extract, if asking stopped before anything was loaded.
    """

    def answers() -> Iterator[FetchResult]:
        settings = Settings.read(api_key=api_key, base_url=base_url, model_ids=model_ids if isinstance(model_ids, str) else list(model_ids))
        key = settings.require_key()
        with Client(settings.base_url, key, rate_limiter=RateLimiter(requests_per_minute), concurrency=concurrency) as client:
            loaded = False
            for answer in client.fetch(settings.model_ids):
                loaded = loaded or answer.row is not None
                yield answer
            if client.stop_reason and not loaded:
                raise NothingFetched(client.stop_reason.message)

    return resources(answers())


def batches(answers: Iterable[FetchResult]) -> DltResource:
    """The rows of every raw table that answers bring, in columns; all of them appended."""
    times = {name: dlt.mark.make_hints(table_name=name, columns=_times(name)) for name in TABLES}

    def tables() -> Iterator[Any]:
        for page in _pages(answers):
            for name, table in to_arrow(page).items():
                yield dlt.mark.with_hints(table, times[name], create_table_variant=True)

    return dlt.resource(tables, name="batches", write_disposition="append")


def resources(answers: Iterable[FetchResult]) -> list[DltResource]:
    """The two tables that answers fill."""
    asked = dlt.resource(_pages(answers), name="answers", selected=False)
    models = dlt.transformer(
        _models,
        data_from=asked,
        name="models",
        primary_key="id",
        write_disposition="merge",
        columns=_hints("models"),
        nested_hints={
            table.removeprefix("models__"): dlt.mark.make_nested_hints(columns=_hints(table)) for table in TABLES if "__" in table
        },
    )
    fetches = dlt.transformer(_fetches, data_from=asked, name="fetches", write_disposition="append", columns=_hints("fetches"))
    return [models, fetches]


def _pages(answers: Iterable[FetchResult]) -> Iterator[list[FetchResult]]:
    """Answers in lists: dlt handles a list far faster than as many items."""
    arriving = iter(answers)
    while page := list(islice(arriving, _PAGE)):
        yield page


def _models(page: list[FetchResult]) -> list[dict[str, Any]]:
    return [answer.row for answer in page if answer.row is not None]


def _fetches(page: list[FetchResult]) -> list[dict[str, Any]]:
    return [answer.fetch.model_dump() for answer in page]


def _times(table: str) -> Any:
    """The hints for times: without them, dlt would take one without a zone for a time of the machine's zone."""
    return [column.dlt_hint for column in TABLES[table] if column.data_type == "timestamp"]


def _hints(table: str) -> Any:
    return [column.dlt_hint for column in TABLES[table] if not column.is_dlts_own]
