"""Fixtures: a published path and its snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest
from llm_stats.warehouse.snapshots import Snapshots


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


@pytest.fixture
def snapshots(tmp_path: Path, published: Path) -> Snapshots:
    return Snapshots(published, tmp_path / ".w", keep=3)
