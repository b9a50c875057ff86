"""Runs on PostgreSQL that read the catalog: listings, changes, models that are due."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi, summary_of
from llm_stats.sample.demo import demo_settings
from support.postgres_server import execute_sql
from support.sample_requests import requested_ids

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


def test_catalog_on_postgres(warehouse: str, api: SampleApi, workdir: Path) -> None:
    """Day 1: a changed price, a missing model, an invalid summary. Day 2: the model is back."""
    settings = demo_settings(api, workdir / "w.duckdb").model_copy(
        update={"destination": "postgres"}
    )

    def run(day: int, **options: Any) -> int:
        del api.requests[:]
        offset = dt.timedelta(days=day)
        result = execute(
            settings,
            all_models=True,
            clock=lambda: dt.datetime.now(dt.UTC) + offset,
            **options,
        )
        return result.exit_code

    def query(sql: str) -> list[tuple[Any, ...]]:
        return execute_sql(warehouse, sql)

    records = sample.today()
    records[0]["providers"][0]["input_price_per_m"] = 4.5
    changed, gone, broken = (record["id"] for record in records[:3])
    summaries = [summary_of(record) for record in records]
    summaries[2]["providers"] = "none"
    api.publish(records, [summaries[0], *summaries[2:]])

    assert run(1, catalog_only=True) == 0
    assert requested_ids(api) == []
    prices = "select model_id, new_input_usd_per_mtok from marts.price_changes"
    assert query(prices) == [(changed, 4.5)]
    unlisted = "select model_id from marts.models where not is_listed"
    assert query(unlisted) == [(gone,)]
    available = f"select count(*) from marts.offers where is_available and model_id = '{gone}'"
    assert query(available) == [(0,)]
    rejected = "select model_id from marts.data_quality where rule = 'summary_rejected'"
    assert query(rejected) == [(broken,)]
    assert query("select model_id from staging.summaries_ahead") == [(changed,)]

    api.publish(records, summaries)
    assert run(2) == 0
    assert sorted(requested_ids(api)) == sorted([changed, broken])
    assert query(prices) == [(changed, 4.5)]
    assert query("select count(*) from staging.summaries_ahead") == [(0,)]
    assert query(unlisted) == []
    assert query("select model_id, kind from marts.model_changes order by changed_at") == [
        (gone, "unlisted"),
        (gone, "relisted"),
    ]
    assert query("select count(*) from marts.score_changes") == [(0,)]
    reads = "select models, is_trusted from raw.catalog_reads order by read_at"
    assert query(reads) == [(14, True), (13, True), (14, True)]
