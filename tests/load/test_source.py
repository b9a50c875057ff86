"""dlt source of llm-stats in a user's own pipeline, without `llm-stats run`."""

from __future__ import annotations

import copy
import logging
import re
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.extract.source import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed
from llm_stats import llm_stats as source
from llm_stats import sample
from llm_stats.sample import SampleApi
from llm_stats.schema.tables import TABLE_COMMENTS, TABLES
from support.synthetic_catalog import synthetic_catalog

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs" / "dlt.md"
IDS = [entry["id"] for entry in sample.today()]


@pytest.fixture(autouse=True)
def no_telemetry(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def pipeline_to(workdir: Path, destination: Any) -> dlt.Pipeline:
    return dlt.pipeline(
        "plain",
        destination=destination,
        dataset_name="raw",
        pipelines_dir=str(workdir / "dlt"),
    )


@pytest.fixture
def pipeline(workdir: Path) -> dlt.Pipeline:
    """Return a dlt pipeline that loads into the DuckDB file `plain.duckdb`."""
    destination = dlt.destinations.duckdb(str(workdir / "plain.duckdb"))
    return pipeline_to(workdir, destination)


@pytest.fixture
def loaded(
    build_once: Callable[[str, Callable[[Path], object]], Path], workdir: Path
) -> dlt.Pipeline:
    """Return a pipeline that has loaded all models of the sample into `plain.duckdb`."""

    def load(folder: Path) -> None:
        destination = dlt.destinations.duckdb(str(folder / "plain.duckdb"))
        with SampleApi() as api:
            pipeline_to(folder, destination).run(source_of(api, IDS))

    shutil.copytree(build_once("plain_dlt", load), workdir, dirs_exist_ok=True)
    return pipeline_to(workdir, dlt.destinations.duckdb(str(workdir / "plain.duckdb")))


def source_of(api: SampleApi, ids: list[str] | None = None, **settings: Any) -> DltSource:
    defaults: dict[str, Any] = {"base_url": api.base_url, "requests_per_minute": 0}
    created: DltSource = source(ids, **(defaults | settings))
    return created


def emptied(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"providers": [], "scores": [], "modalities": [], "top_scores": {}}


def query(workdir: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(workdir / "plain.duckdb", read_only=True) as connection:
        return connection.execute(statement).fetchall()


def counts(workdir: Path) -> dict[str, int]:
    """Return the row counts of all tables except dlt's own."""
    tables = "select table_name from duckdb_tables() where schema_name = 'raw'"
    names = query(workdir, f"{tables} and not starts_with(table_name, '_dlt')")
    return {name: query(workdir, f"select count(*) from raw.{name}")[0][0] for (name,) in names}


def records_of(workdir: Path) -> list[tuple[Any, ...]]:
    """Return all rows of `models` and its child tables, without the fetch times."""
    tables = TABLES.keys() - {"fetches"}
    rows = [f"from raw.{table} select * exclude fetched_at" for table in sorted(tables)]
    rows = [f"select to_json(t) from ({row}) as t" for row in rows]
    return sorted(query(workdir, " union all ".join(rows)))


def requested_ids(api: SampleApi) -> list[str]:
    return [request.model_id for request in api.requests if request.model_id]


def test_second_identical_load_adds_only_fetches_to_the_documented_tables(
    workdir: Path,
    api: SampleApi,
    loaded: dlt.Pipeline,
) -> None:
    records = sample.today()
    first = counts(workdir)
    assert first.keys() == TABLES.keys()
    assert first["models"] == first["fetches"] == len(records)
    assert first["models__providers"] == sum(len(entry["providers"]) for entry in records)
    assert first["models__scores"] == sum(len(entry["scores"]) for entry in records)
    before = records_of(workdir)
    assert before
    loaded.run(source_of(api, IDS))
    assert counts(workdir) == first | {"fetches": 2 * len(records)}
    assert records_of(workdir) == before


def test_columns_are_documented(workdir: Path, api: SampleApi, pipeline: dlt.Pipeline) -> None:
    pipeline.run(source_of(api, IDS[:1]))
    for table, columns in TABLES.items():
        schema = pipeline.default_schema.tables[table]
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


def test_id_given_twice_is_requested_once(
    workdir: Path,
    api: SampleApi,
    pipeline: dlt.Pipeline,
) -> None:
    pipeline.run(source_of(api, ["aurora-large-1", " aurora-large-1"]))
    assert requested_ids(api) == ["aurora-large-1"]
    assert counts(workdir)["models__providers"] == 4


def test_emptied_lists_empty_their_tables(
    workdir: Path,
    api: SampleApi,
    loaded: dlt.Pipeline,
) -> None:
    records: list[dict[str, Any]] = copy.deepcopy(sample.today())
    before = counts(workdir)
    removed = len(records[0]["providers"])
    records[0]["providers"] = []
    api.publish(records)
    loaded.run(source_of(api, IDS))
    changed = {
        "models__providers": before["models__providers"] - removed,
        "fetches": 2 * len(IDS),
    }
    assert counts(workdir) == before | changed
    api.publish(map(emptied, records))
    loaded.run(source_of(api, IDS))
    changed = {"models": len(IDS), "fetches": 3 * len(IDS)}
    assert counts(workdir) == dict.fromkeys(TABLES, 0) | changed


def test_first_load_with_empty_lists_creates_all_tables(
    workdir: Path,
    api: SampleApi,
    pipeline: dlt.Pipeline,
) -> None:
    api.publish(map(emptied, sample.today()))
    pipeline.run(source_of(api, IDS))
    assert counts(workdir) == dict.fromkeys(TABLES, 0) | {"models": len(IDS), "fetches": len(IDS)}


def test_models_that_are_not_in_a_load_are_kept(
    workdir: Path,
    api: SampleApi,
    loaded: dlt.Pipeline,
) -> None:
    before = counts(workdir)
    loaded.run(source_of(api, IDS[:1]))
    assert counts(workdir) == before | {"fetches": len(IDS) + 1}


def test_model_that_did_not_load_is_only_in_fetches(
    workdir: Path,
    api: SampleApi,
    pipeline: dlt.Pipeline,
) -> None:
    pipeline.run(source_of(api, ["aurora-large-1", "no-such-model"]))
    assert counts(workdir) == {
        "models": 1,
        "fetches": 2,
        "models__providers": 4,
        "models__scores": 9,
        "models__modalities": 3,
        "models__top_scores": 7,
    }


def test_max_table_nesting_has_no_effect(
    workdir: Path,
    api: SampleApi,
    loaded: dlt.Pipeline,
) -> None:
    assert source_of(api).max_table_nesting == 0
    before = records_of(workdir)
    nested = source_of(api, IDS)
    nested.max_table_nesting = 3
    loaded.run(nested)
    assert records_of(workdir) == before
    assert counts(workdir).keys() == TABLES.keys()


def test_ordinary_loads_log_nothing(
    api: SampleApi,
    pipeline: dlt.Pipeline,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "dlt")
    records: list[dict[str, Any]] = copy.deepcopy(sample.today())
    for record in records:
        record["surprise"] = {"a": 1}
        record["providers"] = [offer | {"surprise": 1} for offer in record["providers"]]
    pipeline.run(source_of(api, all_models=True))
    api.publish(records)
    pipeline.run(source_of(api, all_models=True, max_age="1s"))
    pipeline.run(source_of(api, all_models=True).add_limit(1))
    pipeline.run(source_of(api, all_models=True).with_resources("models", "models__scores"))
    assert caplog.messages == []
    pipeline.run(source_of(api, IDS), write_disposition="append")
    assert "hard_delete" in caplog.messages[0], "a warning would be captured"


class TestAddLimit:
    """dlt's `add_limit` on the source, with 400 models in pages of 50."""

    @pytest.mark.parametrize(
        "limited",
        [
            lambda source: source.add_limit(1),
            lambda source: source.with_resources("models", "models__scores").add_limit(1),
            lambda source: source.add_limit(1).with_resources("fetches"),
        ],
        ids=["all", "selected before", "selected after"],
    )
    def test_stops_requesting(
        self, workdir: Path, pipeline: dlt.Pipeline, limited: Callable[[DltSource], DltSource]
    ) -> None:
        with SampleApi(synthetic_catalog(400, 1, 1)) as api:
            pipeline.run(limited(source_of(api, all_models=True, concurrency=4)))
            assert 50 <= len(requested_ids(api)) <= 50 + 2 * 4
        assert set(counts(workdir).values()) <= {50, 100}

    def test_counts_pages(self, workdir: Path, pipeline: dlt.Pipeline) -> None:
        with SampleApi(synthetic_catalog(400, 1, 1)) as api:
            pipeline.run(source_of(api, all_models=True, concurrency=4).add_limit(3))
        assert counts(workdir)["models"] == 150


class TestModelIds:
    def test_all_models_are_those_that_the_api_lists(
        self,
        workdir: Path,
        api: SampleApi,
        pipeline: dlt.Pipeline,
    ) -> None:
        pipeline.run(source_of(api, all_models=True))
        assert sorted(requested_ids(api)) == sorted(IDS)

    def test_budget_defers_the_rest(
        self,
        workdir: Path,
        api: SampleApi,
        pipeline: dlt.Pipeline,
    ) -> None:
        pipeline.run(source_of(api, IDS, max_requests=2))
        assert len(api.requests) == 2
        outcomes = "select outcome, count(*) from raw.fetches group by all order by all"
        assert query(workdir, outcomes) == [
            ("deferred", len(IDS) - 2),
            ("loaded", 2),
        ]

    def test_ids_that_fail_do_not_use_up_the_budget_of_every_load(
        self, workdir: Path, api: SampleApi, pipeline: dlt.Pipeline
    ) -> None:
        ids = ["gone-1", "gone-2", *IDS[:2]]
        for _ in range(2):
            pipeline.run(source_of(api, ids, max_requests=2, max_age="1h", concurrency=1))
        assert requested_ids(api) == ids
        assert query(workdir, "select id from raw.models order by id") == [
            (model_id,) for model_id in sorted(IDS[:2])
        ]

    def test_max_age_skips_models_fetched_recently(
        self,
        workdir: Path,
        api: SampleApi,
        pipeline: dlt.Pipeline,
    ) -> None:
        pipeline.run(source_of(api, [*IDS[:2], "no-such-model"], max_age="1h"))
        pipeline.run(source_of(api, [*IDS[:3], "no-such-model"], max_age="60m"))
        assert sorted(requested_ids(api)[3:]) == sorted([IDS[2], "no-such-model"])
        pipeline.run(source_of(api, IDS[:3], max_age="1h"))
        assert len(requested_ids(api)) == 5

    def test_max_age_is_restored_from_the_destination(
        self,
        workdir: Path,
        api: SampleApi,
        pipeline: dlt.Pipeline,
    ) -> None:
        pipeline.run(source_of(api, IDS[:2], max_age="1h"))
        pipeline.drop()
        pipeline.run(source_of(api, IDS[:3], max_age="1h"))
        assert requested_ids(api)[2:] == [IDS[2]]

    def test_page_after_the_limit_does_not_count_as_fetched(
        self, workdir: Path, pipeline: dlt.Pipeline
    ) -> None:
        with SampleApi(synthetic_catalog(60, 1, 1)) as api:
            pipeline.run(source_of(api, all_models=True, max_age="1h").add_limit(1))
            pipeline.run(source_of(api, all_models=True, max_age="1h"))
        assert counts(workdir)["models"] == 60
        assert counts(workdir)["fetches"] == 60

    def test_loads_without_max_age_keep_no_state(
        self,
        api: SampleApi,
        pipeline: dlt.Pipeline,
    ) -> None:
        pipeline.run(source_of(api, IDS[:2]))
        assert "sources" not in pipeline.state

    def test_no_ids_is_an_error(self, api: SampleApi, pipeline: dlt.Pipeline) -> None:
        with pytest.raises(PipelineStepFailed, match="no models to fetch"):
            pipeline.run(source_of(api))
        assert not api.requests


def test_settings_come_from_dlts_configuration(
    workdir: Path, api: SampleApi, pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    monkeypatch.setenv("SOURCES__LLM_STATS__BASE_URL", api.base_url)
    monkeypatch.setenv("SOURCES__LLM_STATS__MAX_AGE", "1h")
    monkeypatch.setenv("SOURCES__LLM_STATS__API_KEY", sample.SAMPLE_KEY)
    monkeypatch.setenv("SOURCES__LLM_STATS__MODEL_IDS", '["murmur-1", "aurora-large-1"]')
    monkeypatch.setenv("SOURCES__LLM_STATS__MAX_REQUESTS", "1")
    for _ in range(3):
        pipeline.run(source())
    assert sorted(requested_ids(api)) == ["aurora-large-1", "murmur-1"]


def test_unreachable_api_fails_the_extract_step(pipeline: dlt.Pipeline) -> None:
    with pytest.raises(PipelineStepFailed, match="nothing could be fetched: no response"):
        pipeline.run(
            source(["a", "b"], api_key=sample.SAMPLE_KEY, base_url="http://127.0.0.1:9/v1")
        )


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
