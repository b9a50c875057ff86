"""The source as any dlt user uses it, without the rest of the package."""

from __future__ import annotations

import copy
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
from llm_stats.sample import SampleApi

TABLES = {"models", "models__providers", "models__scores", "models__modalities", "models__top_scores", "fetches"}


@pytest.fixture(autouse=True)
def quiet(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def load(workdir: Path, api: SampleApi, ids: list[str]) -> dict[str, int]:
    """Runs the source into a DuckDB file; the row counts of its tables."""
    database = workdir / "plain.duckdb"
    pipeline = dlt.pipeline(
        "plain", destination=dlt.destinations.duckdb(str(database)), dataset_name="raw", pipelines_dir=str(workdir / "dlt")
    )
    pipeline.run(source(ids, base_url=api.base_url, requests_per_minute=0))
    with duckdb.connect(database) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
        counted = {name: connection.execute(f"select count(*) from raw.{name}").fetchall()[0][0] for (name,) in names}
    return {name: count for name, count in counted.items() if not name.startswith("_dlt")}


def test_loading_twice_makes_exactly_the_documented_tables_and_no_duplicates(workdir: Path, api: SampleApi) -> None:
    records = sample.today()
    first = load(workdir, api, [entry["id"] for entry in records])
    assert first.keys() == TABLES
    assert first["models"] == first["fetches"] == len(records)
    assert first["models__providers"] == sum(len(entry["providers"]) for entry in records)
    assert first["models__scores"] == sum(len(entry["scores"]) for entry in records)
    assert load(workdir, api, [entry["id"] for entry in records]) == first | {"fetches": 2 * len(records)}


def test_an_id_given_twice_is_asked_once(workdir: Path, api: SampleApi) -> None:
    assert load(workdir, api, ["aurora-large-1", "aurora-large-1"])["models"] == 1
    assert len(api.requests) == 1


def test_a_list_that_empties_takes_its_rows_along_and_only_them(workdir: Path, api: SampleApi) -> None:
    records = sample.today()
    ids = [entry["id"] for entry in records]
    before = load(workdir, api, ids)
    emptied: list[dict[str, Any]] = copy.deepcopy(records)
    lost = len(emptied[0]["providers"])
    emptied[0]["providers"] = []
    api.publish(emptied)
    assert load(workdir, api, ids) == before | {"models__providers": before["models__providers"] - lost, "fetches": 2 * len(ids)}


def test_what_did_not_load_is_in_fetches_only(workdir: Path, api: SampleApi) -> None:
    assert load(workdir, api, ["aurora-large-1", "no-such-model"]) == {
        "models": 1,
        "fetches": 2,
        "models__providers": 4,
        "models__scores": 9,
        "models__modalities": 3,
        "models__top_scores": 7,
    }


@pytest.mark.parametrize("key", ["", "k\nk-with-a-line", "wrong-key"])
def test_without_a_good_key_the_extract_fails_and_never_shows_it(
    workdir: Path, api: SampleApi, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", key)
    with pytest.raises(PipelineStepFailed) as failed:
        load(workdir, api, ["aurora-large-1"])
    words = "".join(traceback.format_exception(failed.value))
    assert re.search("no API key|no HTTP header can carry|the API refused the key", words)
    assert not key or key not in words
    assert len(api.requests) <= 1
