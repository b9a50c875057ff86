"""The user's dlt settings: a run reads credentials and ignores settings for pipelines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dlt
import llm_stats as package
import pytest
from dlt.common.configuration.container import Container
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.pipeline import PipelineContext
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats import sample
from llm_stats.load.dlt_config import separate_pipeline
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.command import Command
from support.dlt_pipeline import pipeline_to
from support.queries import query_rows

PIPELINE_SETTINGS = """
dev_mode = true

[destination]
dataset_name_layout = "prefix_%s"

[schema]
naming = "direct"
"""


def write_config(folder: Path, text: str, name: str = "config.toml") -> None:
    (folder / ".dlt").mkdir(parents=True, exist_ok=True)
    (folder / ".dlt" / name).write_text(text, "utf-8")


@pytest.mark.usefixtures("unchecked")
def test_run_ignores_settings_for_pipelines_and_changes_no_environment_variable(
    run: Command, one_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other threads read the environment while a run loads. A change could crash these threads."""
    write_config(one_model.parent, PIPELINE_SETTINGS)
    monkeypatch.setenv("PIPELINES__LLM_STATS__DATASET_NAME", "other")
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "not a number")
    before = dict(os.environ)

    assert run("--all", "--quiet").code == 0

    assert dict(os.environ) == before
    assert query_rows(one_model, "select count(*) from raw.models") == [(len(sample.today()),)]


def test_files_are_read_from_dlt_project_dir(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = workdir / "project"
    monkeypatch.setenv("DLT_PROJECT_DIR", str(project))
    monkeypatch.delenv("LLM_STATS_API_KEY")
    with FakeApi(everywhere=[faults.quota()]) as api:
        write_config(project, f'[sources.llm_stats]\nbase_url = "{api.base_url}"')
        write_config(project, f'[sources.llm_stats]\napi_key = "{SAMPLE_KEY}"', "secrets.toml")
        assert llm_stats("run", "--all", "--quiet").code == 75, "the quota is spent"
    (request,) = api.requests
    assert request.headers["authorization"] == f"Bearer {SAMPLE_KEY}"


@pytest.mark.usefixtures("no_telemetry", "unchecked")
def test_run_inside_a_resource_leaves_the_pipeline_of_the_resource_active(
    api: SampleApi, one_model: Path
) -> None:
    pipeline = pipeline_to(one_model.parent, dlt.destinations.duckdb("plain.duckdb"))

    def load() -> Iterator[dict[str, int]]:
        result = package.run(
            ["murmur-1"], base_url=api.base_url, database=one_model, requests_per_minute=0
        )
        yield {"requests_sent": result.requests_sent}

    dlt.run(dlt.resource(load))

    assert dlt.current.pipeline() is pipeline
    assert pipeline.dataset()["load"].fetchall()[0][0] == 1


def test_separate_pipeline_is_not_active_after_the_block(workdir: Path) -> None:
    active = Container()[PipelineContext]
    active.deactivate()
    with separate_pipeline():
        pipeline_to(workdir, dlt.destinations.duckdb("plain.duckdb"))
        assert DestinationCapabilitiesContext in Container()
    assert not active.is_active()
    assert DestinationCapabilitiesContext not in Container()
