"""Fixtures of the recipes: a sample API with a small quota, a webhook, and a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_api.server import FakeApi
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.webhook_server import WebhookServer


@pytest.fixture
def api() -> Iterator[SampleApi]:
    """Yield a sample API with a daily quota of six requests: the catalog and five models."""
    with FakeApi(daily_quota=6) as serving:
        yield serving


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with WebhookServer() as listening:
        yield listening


@pytest.fixture
def folder(tmp_path: Path, api: SampleApi) -> Iterator[Path]:
    """Yield a folder that replaces the `/srv/llm-stats` of the recipes."""
    (tmp_path / "venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        f'[sources.llm_stats]\nbase_url = "{api.base_url}"\n'
    )
    with WebhookServer() as hook:
        secrets = f'[sources.llm_stats]\napi_key = "{SAMPLE_KEY}"\nwebhook_url = "{hook.url}"\n'
        (tmp_path / ".dlt" / "secrets.toml").write_text(secrets)
        yield tmp_path
