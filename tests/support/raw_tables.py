"""Raw tables filled directly from records, without dlt."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
from llm_stats.connection import DuckDBConnection, transaction
from llm_stats.load import merge as raw_tables
from llm_stats.sample import summary_of
from llm_stats.schema.arrow import catalog_to_arrow, empty_tables, to_arrow
from llm_stats.schema.catalog import CatalogLoad, CatalogRead
from llm_stats.schema.fetch import Fetch, FetchResult, Outcome
from llm_stats.schema.metadata import as_utc
from llm_stats.schema.parse import parse_record, parse_summary
from llm_stats.schema.rows import summary_hash, to_row, to_summary_row
from llm_stats.transform import apply
from support.prepared_connection import PreparedConnection

#: Id that the tests store in `history.snapshot`.
SNAPSHOT_ID = "20260101T000000.000000Z"


class RawTables:
    """Raw tables in DuckDB, and methods that add loads as a run does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, is_defined: bool = False) -> None:
        self.connection = connection
        self.prepared = PreparedConnection(connection)
        self._is_defined = is_defined
        self._has_arrived = False
        if not is_defined:
            raw_tables.create_raw_tables(DuckDBConnection(connection))

    def load(
        self,
        documents: Iterable[dict[str, Any]],
        fetched_at: dt.datetime,
        load_id: str | None = None,
        *,
        cached_at: dt.datetime | None = None,
    ) -> None:
        """Merge records (JSON objects) as one load.

        The load replaces the rows of its models, and adds a row for each model to `raw.fetches`.
        `cached_at` is the arrival time of records that come from the response cache.
        """
        hashes = {} if cached_at else self._summary_hashes()
        answers = []
        for document in documents:
            body = json.dumps(document)
            record = parse_record(body, document["id"])
            row = to_row(record, cached_at or fetched_at, body)
            row["summary_hash"] = hashes.get(record.id)
            answers.append(
                FetchResult(
                    Fetch(
                        model_id=row["id"],
                        requested_at=fetched_at,
                        outcome="loaded",
                        attempts=0 if cached_at else 1,
                    ),
                    row,
                )
            )
        self._merge(to_arrow(answers), fetched_at, load_id)

    def fetch(
        self,
        model_ids: Iterable[str],
        requested_at: dt.datetime,
        outcome: Outcome,
        load_id: str | None = None,
        **fields: Any,
    ) -> None:
        """Add rows to `raw.fetches` for models that were requested but not loaded."""
        fetches = [
            Fetch(
                model_id=model_id,
                requested_at=requested_at,
                outcome=outcome,
                **{"attempts": 1} | fields,
            )
            for model_id in model_ids
        ]
        self._merge(to_arrow([FetchResult(fetch) for fetch in fetches]), requested_at, load_id)

    def read_catalog(
        self,
        documents: Iterable[dict[str, Any]],
        read_at: dt.datetime,
        load_id: str | None = None,
        *,
        rejected: Mapping[str, str] | None = None,
        is_trusted: bool = True,
    ) -> None:
        """Merge one read of the catalog as one load, or as part of the load with `load_id`.

        The catalog lists the models in `documents` and `rejected`. With `is_trusted=False`, the
        read is incomplete.
        """
        hashes, rejected = self._summary_hashes(), dict(rejected or {})
        listed, changed = set(rejected), []
        for document in documents:
            summary = parse_summary(summary_of(document))
            content_hash = summary_hash(summary)
            if hashes.get(summary.id) != content_hash:
                changed.append(to_summary_row(summary, read_at, content_hash))
            listed.add(summary.id)
        known = self.connection.execute("select id from raw.models").fetchall()
        missing = (hashes.keys() | {model_id for (model_id,) in known}) - listed
        read = CatalogRead(
            read_at=read_at,
            pages=1,
            models=len(listed),
            total=len(listed) if is_trusted else None,
            is_complete=is_trusted,
            is_trusted=is_trusted,
        )
        catalog = CatalogLoad(read, changed, sorted(missing) if is_trusted else [], rejected)
        self._merge(catalog_to_arrow(catalog), read_at, load_id)

    def _summary_hashes(self) -> dict[str, str]:
        return dict(
            self.connection.execute("select id, content_hash from raw.catalog_models").fetchall()
        )

    def _merge(
        self, tables: dict[str, pa.Table], loaded_at: dt.datetime, load_id: str | None
    ) -> None:
        """Merge tables into the load with `load_id`; the default is a new load."""
        load_id = load_id or str(loaded_at.timestamp())
        self._create_arrived()
        filled = [name for name, rows in tables.items() if rows.num_rows]
        for name in filled:
            arrived = tables[name]  # noqa: F841  DuckDB reads the variable
            self.connection.execute(f"insert into temp.{name} from arrived")
        raw_tables.merge_incoming(self.prepared, load_id, incoming="temp")
        for name in filled:
            self.prepared.execute(f"delete from temp.{name}")
        self.connection.execute("delete from raw._dlt_loads where load_id = ?", [load_id])
        self.connection.execute(
            "insert into raw._dlt_loads (load_id, status, inserted_at) values (?, 0, ?)",
            [load_id, as_utc(loaded_at)],
        )

    def _create_arrived(self) -> None:
        """Create a temporary table of arrived rows for each raw table.

        All loads use the same temporary tables, so that DuckDB plans each merge statement once.
        """
        if not self._has_arrived:
            for name, arrived in empty_tables().items():
                columns = ", ".join(arrived.column_names)
                self.connection.execute(
                    f"create temp table if not exists {name} as select {columns} from arrived"
                )
            self._has_arrived = True

    def apply(self) -> None:
        """Update the history; on the first call, also build everything under `sql/`."""
        with transaction(self.connection):
            if self._is_defined:
                apply.update_history(self.prepared)
            else:  # DuckDB does not keep plans made in a transaction that changes the catalog
                connection = DuckDBConnection(self.connection)
                apply.create_views(connection, SNAPSHOT_ID)
                apply.update_history(connection)
        self._is_defined = True
