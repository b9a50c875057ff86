"""Runs on a simulated clock, against one API, into one warehouse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from llm_stats.pipeline.result import RunResult
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from support.queries import query_rows
from support.sample_requests import requested_ids


class DailyRuns:
    """Successive runs; `day` is the simulated time of the next run, in days from the first run.

    `requested` lists the models that the last run requested, in order.
    """

    def __init__(self, api: SampleApi, database: Path, **settings: Any) -> None:
        self.day = 0.0
        self.requested: list[str] = []
        self._api = api
        self._settings = demo_settings(api, database).model_copy(
            update={"concurrency": 1} | settings
        )

    def run(
        self,
        model_ids: list[str] | None = None,
        *,
        max_age: dt.timedelta | None = None,
        **options: Any,
    ) -> RunResult:
        """Execute a run for all models, or for the given ids, on `day`."""
        del self._api.requests[:]
        settings = self._settings.model_copy(
            update={"model_ids": model_ids or [], "max_age": max_age}
        )
        offset = dt.timedelta(days=self.day)
        result = execute(
            settings,
            all_models=not model_ids,
            clock=lambda: dt.datetime.now(dt.UTC) + offset,
            **options,
        )
        self.requested = requested_ids(self._api)
        return result

    def query(self, query: str) -> list[tuple[Any, ...]]:
        return query_rows(self._settings.database, query)
