"""Fixtures for tests of complete runs."""

from __future__ import annotations

import pytest
from llm_stats.fetch.client import Client


@pytest.fixture
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits between the attempts of a request."""
    defaults = Client.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "backoff_seconds", 0.001)
