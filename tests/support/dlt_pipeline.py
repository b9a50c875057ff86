"""A user's own dlt pipeline that loads into the DuckDB file `plain.duckdb`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
from dlt.extract.source import DltSource
from llm_stats import llm_stats as source
from llm_stats import sample
from llm_stats.sample import SampleApi
from support.queries import query_rows

IDS = [entry["id"] for entry in sample.today()]


def pipeline_to(workdir: Path, destination: Any) -> dlt.Pipeline:
    return dlt.pipeline(
        "plain",
        destination=destination,
        dataset_name="raw",
        pipelines_dir=str(workdir / "dlt"),
    )


def source_of(api: SampleApi, ids: list[str] | None = None, **settings: Any) -> DltSource:
    defaults: dict[str, Any] = {"base_url": api.base_url, "requests_per_minute": 0}
    created: DltSource = source(ids, **(defaults | settings))
    return created


def extract(pipeline: dlt.Pipeline, extracted: DltSource) -> dict[str, int]:
    """Extract a source without loading it; return the row counts, except of dlt's own tables.

    The counts of child tables include tombstones.
    """
    info = pipeline.extract(extracted)
    steps = [step["table_metrics"] for steps in info.metrics.values() for step in steps]
    return {
        table: metrics.items_count
        for tables in steps
        for table, metrics in tables.items()
        if not table.startswith("_dlt")
    }


def query(workdir: Path, statement: str) -> list[tuple[Any, ...]]:
    return query_rows(workdir / "plain.duckdb", statement)


def counts(workdir: Path) -> dict[str, int]:
    """Return the row counts of all tables except dlt's own."""
    tables = "select table_name from duckdb_tables() where schema_name = 'raw'"
    names = query(workdir, f"{tables} and not starts_with(table_name, '_dlt')")
    counted = [f"select '{name}', count(*) from raw.{name}" for (name,) in names]
    return dict(query(workdir, " union all ".join(counted)))
