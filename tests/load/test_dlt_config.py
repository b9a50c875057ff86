"""The user's dlt settings: a run reads credentials and ignores settings for pipelines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from llm_stats.sample import SAMPLE_KEY, SampleApi
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


def test_run_ignores_settings_for_pipelines(
    llm_stats: Command, workdir: Path, api: SampleApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(workdir, PIPELINE_SETTINGS)
    monkeypatch.setenv("PIPELINES__LLM_STATS__DATASET_NAME", "other")
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "not a number")

    result = llm_stats("run", "--all", "--base-url", api.base_url, "--quiet")

    assert result.code == 0
    loaded = query_rows(workdir / "llm_stats.duckdb", "select count(*) from raw.models")
    assert loaded[0][0] > 0


def test_run_changes_no_environment_variable(
    llm_stats: Command, workdir: Path, api: SampleApi
) -> None:
    """Other threads read the environment while a run loads. A change could crash these threads."""
    before = dict(os.environ)
    assert llm_stats("run", "--all", "--base-url", api.base_url, "--quiet").code == 0
    assert dict(os.environ) == before


def test_files_are_read_from_dlt_project_dir(
    llm_stats: Command, workdir: Path, api: SampleApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = workdir / "project"
    monkeypatch.setenv("DLT_PROJECT_DIR", str(project))
    monkeypatch.delenv("LLM_STATS_API_KEY")
    write_config(project, f'[sources.llm_stats]\nbase_url = "{api.base_url}"')
    write_config(project, f'[sources.llm_stats]\napi_key = "{SAMPLE_KEY}"', "secrets.toml")
    assert llm_stats("run", "--all", "--quiet").code == 0
