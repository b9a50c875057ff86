"""The user's dlt settings: a run reads credentials and ignores settings for pipelines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats import sample
from llm_stats.sample import SAMPLE_KEY
from support.command import Command
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
