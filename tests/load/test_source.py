"""dlt source of llm-stats in a user's own pipeline, without `llm-stats run`."""

from __future__ import annotations

import copy
import logging
import re
import traceback
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from llm_stats import llm_stats as source
from llm_stats import sample
from llm_stats.errors import NothingFetched
from llm_stats.sample import SampleApi
from llm_stats.schema.tables import RECORD_TABLES, TABLE_COMMENTS
from support.dlt_pipeline import IDS, counts, pipeline_to, query, source_of
from support.sample_requests import requested_ids

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_telemetry")]


DOCS = Path(__file__).parents[2] / "docs" / "dlt.md"


def emptied(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"providers": [], "scores": [], "modalities": [], "top_scores": {}}


def records_of(workdir: Path) -> list[tuple[Any, ...]]:
    """Return all rows of `models` and its child tables, without the fetch times."""
    tables = RECORD_TABLES.keys() - {"fetches"}
    rows = [f"from raw.{table} select * exclude fetched_at" for table in sorted(tables)]
    rows = [f"select to_json(t) from ({row}) as t" for row in rows]
    return sorted(query(workdir, " union all ".join(rows)))


def test_second_identical_load_adds_only_fetches_to_the_documented_tables(
    workdir: Path,
    api: SampleApi,
    loaded: dlt.Pipeline,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "dlt")
    records = sample.today()
    first = counts(workdir)
    assert first.keys() == RECORD_TABLES.keys()
    assert first["models"] == first["fetches"] == len(records)
    assert first["models__providers"] == sum(len(entry["providers"]) for entry in records)
    assert first["models__scores"] == sum(len(entry["scores"]) for entry in records)
    before = records_of(workdir)
    assert before
    again = source_of(api, IDS)
    assert again.max_table_nesting == 0
    again.max_table_nesting = 3  # a user can set it, but it has no effect
    loaded.run(again)
    assert counts(workdir) == first | {"fetches": 2 * len(records)}
    assert records_of(workdir) == before
    assert caplog.messages == []


def test_columns_are_documented(workdir: Path, loaded: dlt.Pipeline) -> None:
    for table, columns in RECORD_TABLES.items():
        schema = loaded.default_schema.tables[table]
        assert schema["description"] == TABLE_COMMENTS[table]
        found = schema["columns"]
        documented = {column.name: column for column in columns if column.name != "_dlt_load_id"}
        merged = {"fetched_at", "is_tombstone"} if "__" in table else set()
        assert found.keys() - documented.keys() == merged
        for name, column in documented.items():
            assert found[name]["description"] == column.description
            assert found[name]["nullable"] == column.nullable
    times = """
        select distinct data_type from duckdb_columns()
        where schema_name = 'raw' and column_name in ('fetched_at', 'requested_at')
    """
    assert query(workdir, times) == [("TIMESTAMP",)]


def test_dlt_joins_child_tables_to_models(workdir: Path, loaded: dlt.Pipeline) -> None:
    loaded.sync_destination()
    joined = loaded.dataset()["models"].join("models__providers")
    assert len(joined.fetchall()) == counts(workdir)["models__providers"]


def test_emptied_lists_empty_the_rows_of_the_loaded_model_only(
    workdir: Path,
    api: SampleApi,
    loaded: dlt.Pipeline,
) -> None:
    records: list[dict[str, Any]] = copy.deepcopy(sample.today())
    before = counts(workdir)
    removed = {
        f"models__{name}": before[f"models__{name}"] - len(records[0][name])
        for name in ("providers", "scores", "modalities", "top_scores")
    }
    assert not removed.items() & before.items()
    api.publish(map(emptied, records))
    loaded.run(source_of(api, IDS[:1]))
    assert counts(workdir) == before | removed | {"fetches": len(IDS) + 1}


def test_first_load_with_empty_lists_and_an_unknown_id_creates_all_tables(
    workdir: Path,
    api: SampleApi,
    pipeline: dlt.Pipeline,
) -> None:
    """An id that is given twice is requested and loaded once."""
    api.publish(map(emptied, sample.today()))
    pipeline.run(source_of(api, ["aurora-large-1", "no-such-model", " aurora-large-1"]))
    assert sorted(requested_ids(api)) == ["aurora-large-1", "no-such-model"]
    assert counts(workdir) == dict.fromkeys(RECORD_TABLES, 0) | {"models": 1, "fetches": 2}


def test_load_of_some_tables_with_undocumented_fields_logs_nothing(
    api: SampleApi,
    loaded: dlt.Pipeline,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "dlt")
    records: list[dict[str, Any]] = copy.deepcopy(sample.today())
    for record in records:
        record["surprise"] = {"a": 1}
        record["providers"] = [offer | {"surprise": 1} for offer in record["providers"]]
    api.publish(records)
    limited = source_of(api, all_models=True, max_age="1s").add_limit(1)
    loaded.run(limited.with_resources("models", "models__providers"))
    assert caplog.messages == []
    loaded.run(source_of(api, IDS), write_disposition="append")
    assert "hard_delete" in caplog.messages[0], "a warning would be captured"


def test_unreachable_api_fails_the_extract_step(pipeline: dlt.Pipeline) -> None:
    with pytest.raises(PipelineStepFailed, match="nothing could be fetched: no response") as failed:
        pipeline.run(
            source(["a", "b"], api_key=sample.SAMPLE_KEY, base_url="http://127.0.0.1:9/v1")
        )
    cause: BaseException = failed.value
    while cause.__cause__:
        cause = cause.__cause__
    assert isinstance(cause, NothingFetched), "as in docs/dlt.md"


@pytest.mark.parametrize("key", ["", "k\nk-with-a-line", "wrong-key"])
def test_missing_or_rejected_key_fails_the_extract_step_without_printing_it(
    api: SampleApi, pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", key)
    with pytest.raises(PipelineStepFailed) as failed:
        pipeline.run(source_of(api, ["aurora-large-1"]))
    printed = "".join(traceback.format_exception(failed.value))
    assert re.search("no API key|not allowed in an HTTP header|the API rejected the key", printed)
    assert not key or key not in printed
    assert len(api.requests) <= 1


def test_filesystem_keeps_every_load_and_the_documented_query_selects_the_last(
    workdir: Path,
    api: SampleApi,
) -> None:
    """On a filesystem, dlt appends all rows, including tombstones, instead of merging them."""
    destination = dlt.destinations.filesystem(str(workdir / "files"))
    pipeline = pipeline_to(workdir, destination)
    records: list[dict[str, Any]] = copy.deepcopy(sample.today())
    offers = {record["id"]: record["providers"] for record in records[1:]}
    expected = [(name, offer["provider_id"]) for name in offers for offer in offers[name]]
    pipeline.run(source_of(api, IDS), loader_file_format="parquet")
    records[0]["providers"] = []
    api.publish(records)
    pipeline.run(source_of(api, IDS), loader_file_format="parquet")
    (documented,) = re.findall(r"```sql\n(.+?)```", DOCS.read_text("utf-8"), re.DOTALL)
    with duckdb.connect() as connection:
        rows = connection.execute(documented).fetchall()
    assert sorted(row[:2] for row in rows) == sorted(expected)
