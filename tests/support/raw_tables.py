"""Raw tables filled straight from records, without dlt."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import duckdb
from llm_stats.api.client import Answer
from llm_stats.load import merge as raw_tables
from llm_stats.schema import record
from llm_stats.schema.arrow import arrow_tables
from llm_stats.transform import files


class RawTables:
    """A DuckDB connection with the raw tables, and a way to put records into them as a run does, but for dlt."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, is_defined: bool = False) -> None:
        self.connection = connection
        self._is_defined = is_defined
        if not is_defined:
            raw_tables.define(connection)

    def load(self, documents: Iterable[dict[str, Any]], fetched_at: dt.datetime, load_id: str | None = None) -> None:
        """Merges documented records (JSON objects) as one load: a model's rows are replaced, other models stay; each gets a fetch row."""
        answers = []
        for document in documents:
            body = json.dumps(document)
            row = record.to_row(record.parse(body, document["id"]), fetched_at, body)
            answers.append(Answer(record.Fetch(model_id=row["id"], requested_at=fetched_at, outcome="loaded", attempts=1), row))
        self._take_over(answers, load_id or str(fetched_at.timestamp()))

    def fetch(self, model_ids: Iterable[str], requested_at: dt.datetime, outcome: record.Outcome, load_id: str | None = None) -> None:
        """Only rows of `raw.fetches`: for models that were asked for and did not load."""
        fetches = [record.Fetch(model_id=model_id, requested_at=requested_at, outcome=outcome, attempts=1) for model_id in model_ids]
        self._take_over([Answer(fetch) for fetch in fetches], load_id or str(requested_at.timestamp()))

    def _take_over(self, answers: list[Answer], load_id: str) -> None:
        self.connection.execute("create schema incoming")
        for name, table in arrow_tables(answers).items():
            self.connection.register("arrived", table)
            self.connection.execute(f"create table incoming.{name} as from arrived")
        raw_tables.fill(self.connection, load_id)
        self.connection.execute("drop schema incoming cascade")

    def apply(self) -> None:
        """Builds staging, history and marts from `sql/`: the definitions once, for these cost most."""
        with files.transaction(self.connection):
            if not self._is_defined:
                files.define(self.connection)
            files.update_history(self.connection)
        self._is_defined = True
