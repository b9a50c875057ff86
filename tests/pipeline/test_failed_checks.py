"""Runs that a check rejects: nothing is published, and the responses are kept."""

from __future__ import annotations

import copy
import datetime as dt
import shutil
from pathlib import Path

import pytest
from llm_stats.fetch.cache import ResponseCache
from llm_stats.sample import SampleApi
from support.command import Command
from support.queries import query_rows
from support.twelve_models import IDS, RECORDS

pytestmark = pytest.mark.slow

PRICES = "select max(input_usd_per_mtok) from marts.offers"


def test_slipped_prices_are_published_if_allowed_or_requested_again(
    run: Command,
    api: SampleApi,
    twelve_models: Path,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """A check rejects the first run. The second reuses its responses; the third does not.

    The rejected file is kept, with the reason.
    """
    before = query_rows(twelve_models, PRICES)
    slipped = copy.deepcopy(RECORDS)
    for offer in (offer for record in slipped for offer in record["providers"]):
        for field in ("input_price_per_m", "output_price_per_m"):
            offer[field] *= 1000
    api.publish(slipped)

    rejected = run("--all", "--max-age", 0)
    assert rejected.code == 5
    assert "error: prices_slipped: In the last load, most offers changed in the same way" in (
        rejected.err
    )
    assert "change=input price changed by the same factor, factor=1000.0, offer_count=12" in (
        rejected.err
    )
    assert rejected.err.splitlines()[-2:] == [
        "the next run reuses the responses; to request them again: "
        "SOURCES__LLM_STATS__CACHE_TTL=0 llm-stats run …",
        "if the data is right, to publish it: llm-stats run … --allow-failure prices_slipped",
    ]
    assert len(api.requests) == 13
    assert query_rows(twelve_models, PRICES) == before
    folder = workdir / ".llm_stats" / "rejected"
    assert "factor=1000.0, offer_count=12" in (folder / "reason.txt").read_text("utf-8")
    fetches = "select count(*) from raw.fetches"
    assert query_rows(folder / twelve_models.name, fetches) == [(24,)]
    copied = shutil.copytree(workdir, workdir / "copy", symlinks=True) / twelve_models.name

    allowed = run("--all", "--max-age", 0, "--allow-failure", "prices_slipped")
    assert "12 models requested: 12 loaded; 1 request in" in allowed.out
    assert "12 responses were reused from an earlier run that was not published" in allowed.out
    assert "\nallowed: error: prices_slipped: In the last load, most offers " in allowed.out
    assert allowed.code == 0
    assert len(api.requests) == 14
    assert query_rows(twelve_models, PRICES) != before
    with ResponseCache(workdir / ".llm_stats" / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        assert cache.get(f"{api.base_url}/models/{IDS[0]}") is None, (
            "used responses are deleted, so that no later run reuses them"
        )

    api.publish(RECORDS)
    monkeypatch.setenv("SOURCES__LLM_STATS__CACHE_TTL", "0")
    request.getfixturevalue("unchecked")
    assert run(*IDS, "--database", copied).code == 0
    assert len(api.requests) == 14 + len(IDS)
    assert query_rows(copied, PRICES) == before
