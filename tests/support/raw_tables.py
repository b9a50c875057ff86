"""Raw tables filled directly from records, without dlt."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import duckdb
from llm_stats.connection import DuckDBConnection, transaction
from llm_stats.load import merge as raw_tables
from llm_stats.schema.arrow import to_arrow
from llm_stats.schema.fetch import Fetch, FetchResult, Outcome
from llm_stats.schema.record import parse_record
from llm_stats.schema.rows import to_row
from llm_stats.transform import apply


class RawTables:
    """DuckDB connection with the raw tables, and methods that fill them as a run does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, is_defined: bool = False) -> None:
        self.connection = connection
        self._is_defined = is_defined
        if not is_defined:
            raw_tables.create_raw_tables(DuckDBConnection(connection))

    def load(
        self,
        documents: Iterable[dict[str, Any]],
        fetched_at: dt.datetime,
        load_id: str | None = None,
    ) -> None:
        """Merge records (JSON objects) as one load.

        The rows of each loaded model are replaced; other models keep theirs. Each loaded model
        gets a row in `raw.fetches`.
        """
        answers = []
        for document in documents:
            body = json.dumps(document)
            row = to_row(parse_record(body, document["id"]), fetched_at, body)
            answers.append(
                FetchResult(
                    Fetch(
                        model_id=row["id"], requested_at=fetched_at, outcome="loaded", attempts=1
                    ),
                    row,
                )
            )
        self._take_over(answers, load_id or str(fetched_at.timestamp()))

    def fetch(
        self,
        model_ids: Iterable[str],
        requested_at: dt.datetime,
        outcome: Outcome,
        load_id: str | None = None,
    ) -> None:
        """Add rows to `raw.fetches` for models that were requested but not loaded."""
        fetches = [
            Fetch(model_id=model_id, requested_at=requested_at, outcome=outcome, attempts=1)
            for model_id in model_ids
        ]
        self._take_over(
            [FetchResult(fetch) for fetch in fetches], load_id or str(requested_at.timestamp())
        )

    def _take_over(self, answers: list[FetchResult], load_id: str) -> None:
        arrived = to_arrow(answers)
        for name, table in arrived.items():
            self.connection.register(name, table)  # as the view temp.<name>
        raw_tables.merge_incoming(DuckDBConnection(self.connection), load_id, incoming="temp")
        for name in arrived:
            self.connection.unregister(name)

    def apply(self) -> None:
        """Update the history; on the first call, also build everything under `sql/`."""
        with transaction(self.connection):
            if not self._is_defined:
                apply.create_views(DuckDBConnection(self.connection))
            apply.update_history(DuckDBConnection(self.connection))
        self._is_defined = True
