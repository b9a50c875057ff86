"""Fixtures for tests of the API client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_stats.api.cache import ResponseCache


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    """Yield a response cache with a TTL of one hour."""
    with ResponseCache(tmp_path / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        yield cache
