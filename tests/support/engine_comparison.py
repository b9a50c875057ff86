"""Comparison of DuckDB with another engine after the same runs.

The values must agree in all digits and in their Python types.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from llm_stats import destinations, sample
from llm_stats.pipeline.run import execute
from llm_stats.queries import status
from llm_stats.queries.changes import since
from llm_stats.queries.compare import benchmarks, facts
from llm_stats.queries.cost import cost
from llm_stats.queries.history import history
from llm_stats.report import data as report_data
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from llm_stats.sample.planned import PlannedFeatures
from llm_stats.table import Table
from llm_stats.transform.files import in_build_order
from llm_stats.warehouse.reader import Reader
from support.real_records import real_records

BEGAN = dt.datetime(2026, 11, 20, 1, 2, 3, 456789, dt.UTC)
#: Columns that are not compared: they differ between runs or engines even if the records are equal.
OF_THE_RUN = {
    "load_id",
    "catalog_load_id",
    "offers_load_id",
    "scores_load_id",
    "_dlt_load_id",
    "elapsed_ms",
    "age_hours",
    "row_hash",
    "counted_at",
    "loaded_at",
    "snapshot_id",
}
#: Table that is not compared. It holds a hash of the SQL, and each engine has its own SQL.
NOT_COMPARED = ("raw", "sql_fingerprint")


def hostile(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Change the records to contain texts that engines and drivers could misinterpret."""
    texts = (
        "",
        "a\\nb\n\r\"c'",
        "\\N",
        "%s %(x)s {y} $$;--",
        "E'\\x00' \\. \x07",
        "Ünï 𝄞 \u202e",
        "NULL",
        "nul \x00 inside",
    )
    for record, text in zip(records, texts, strict=False):
        record["name"] = record["description"] = record["sources"]["paper"] = text
        record["surprise"] = {"b": [text, 1.50, float("nan")], "a": None}
        for offer in record["providers"]:
            offer["provider_name"] = text
        for score in record["scores"]:
            score["category"] = text
    records[2] |= {"context_window": 0.5, "release_date": "\0", "updated_at": "%s", "rank": 1}
    records[2]["top_scores"] = {"$.'\"/\0 \ud800": 1}
    records[2]["scores"][0] |= {"scored_at": None, "rank": 1.5, "description": "\ud800"}
    return records


def repriced(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Change prices of the first two records to numbers with many digits."""
    records[0]["providers"] = [
        offer | {"input_price_per_m": 0.1 + 0.2, "output_price_per_m": 1e-9}
        for offer in records[0]["providers"]
    ]
    records[1]["providers"][0]["input_price_per_m"] = 123456789.125
    return records


def generations() -> list[list[dict[str, Any]]]:
    """Return the records of two days; some records with hostile texts are equal on both."""
    return [
        [*hostile(sample.yesterday()), *real_records()],
        repriced(hostile(sample.today())),
    ]


@contextmanager
def both(database: Path, destination: str) -> Iterator[tuple[Reader, Reader]]:
    """Load the same two runs into a DuckDB file and into `destination`; yield a reader of each.

    The second run finds some records unchanged, and loads the others again.
    """
    with SampleApi(planned=PlannedFeatures()) as api:
        places = [
            demo_settings(api, database).model_copy(
                update={"destination": name, "max_age": dt.timedelta(hours=1)}
            )
            for name in ("duckdb", destination)
        ]
        for day, records in enumerate(generations()):
            api.publish(records)
            now = BEGAN + dt.timedelta(days=day)
            for place in places:
                result = execute(place, all_models=True, clock=lambda now=now: now)  # type: ignore[misc]
                assert result.outcomes["not_modified"] == (7 if day else 0)
        with (
            destinations.open_reader(places[0]) as duckdb_reader,
            destinations.open_reader(places[1]) as other_reader,
        ):
            yield duckdb_reader, other_reader


def repr_rows(shown: object) -> str:
    """Return `repr` of the rows, which shows all digits and types.

    NUL characters are removed, because dlt drops them for PostgreSQL. Request ids are removed,
    because they differ between runs.
    """
    return re.sub(r"\\+x00| \(request id [^)]+\)", "", repr(shown))


def fetch_relations(reader: Reader) -> dict[str, Table]:
    """Return the rows of each table and view, sorted as by `show` and `export`."""
    return {
        f"{schema}.{name}": reader.fetch_table(f"{schema}.{name}")
        for schema, name, kind, _ in reader.relations()
        if kind != "macro" and (schema, name) != NOT_COMPARED
    }


def require_same_relations(expected: dict[str, Table], actual: dict[str, Table]) -> None:
    assert list(actual) == list(expected)
    for address in expected:
        columns = [column for column in expected[address].columns if column not in OF_THE_RUN]
        other, duckdb = (tables[address].select(*columns).rows for tables in (actual, expected))
        assert set(map(repr_rows, other)) ^ set(map(repr_rows, duckdb)) == set(), address
        assert len(other) == len(duckdb)


def require_same_order(expected: dict[str, Table], actual: dict[str, Table]) -> None:
    for file in (file for file in in_build_order() if file.is_relation):
        key = [column for column in file.key if column not in OF_THE_RUN]
        other, duckdb = (tables[file.address].select(*key).rows for tables in (actual, expected))
        assert list(map(repr_rows, other)) == list(map(repr_rows, duckdb)), file.address


def _report_rows(reader: Reader) -> object:
    """Return the report's data without column types. Types of all-null columns differ by engine."""
    data = report_data.collect(reader)
    tables = {name: (table.columns, table.rows) for name, table in data.tables.items()}
    return data.headline, tables


def require_same_output(duckdb_reader: Reader, other_reader: Reader) -> None:
    """Assert that the commands print the same output for both warehouses."""
    ids = ["aurora-large-1", "kestrel-2-pro"]
    shown: list[Callable[[Reader], Any]] = [
        lambda reader: [row for row in reader.catalog().rows if row[1] == "view"],
        lambda reader: [(name, meaning) for name, _, meaning in reader.describe("offers")[1].rows],
        lambda reader: [
            (name, meaning) for name, _, meaning in reader.describe("raw.models")[1].rows
        ],
        lambda reader: reader.fetch_table("marts.offers").rows,
        lambda reader: reader.fetch_table("marts.data_quality").rows,
        lambda reader: since(reader, dt.datetime(2026, 1, 1)),  # noqa: DTZ001
        lambda reader: history(reader, ids[0]),
        lambda reader: (facts(reader, ids), benchmarks(reader, ids)),
        lambda reader: cost(
            reader, 1.25e6, 2e6, []
        ),  # for these numbers no cost is a rounding tie; see test_rounding
        lambda reader: cost(reader, 1e7, 2e6, ids).rows,
        lambda reader: _report_rows(reader),
        lambda reader: attrgetter("stalest", "models", "findings")(status.status(reader, BEGAN)),
    ]
    for show in shown:
        assert repr_rows(show(other_reader)) == repr_rows(show(duckdb_reader))
