"""Runs that a check rejects: nothing is published, and the responses are kept."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path

import pytest
from llm_stats.fetch.cache import ResponseCache
from llm_stats.sample import SampleApi
from support.command import Command
from support.queries import query_rows
from support.twelve_models import IDS, RECORDS

pytestmark = pytest.mark.slow

PRICES = "select max(input_usd_per_mtok) from marts.offers"


def test_slipped_prices_are_published_only_if_allowed_without_another_request(
    run: Command, api: SampleApi, all_published: Path
) -> None:
    before = query_rows(all_published, PRICES)
    slipped = copy.deepcopy(RECORDS)
    for offer in (offer for record in slipped for offer in record["providers"]):
        for field in ("input_price_per_m", "output_price_per_m"):
            offer[field] *= 1000
    api.publish(slipped)

    refused = run("--all", "--max-age", 0)
    assert refused.code == 5
    assert "error: prices_slipped: Most offers that the last load read changed in the same way" in (
        refused.err
    )
    assert "change=input price changed by the same factor, factor=1000.0, offer_count=12" in (
        refused.err
    )
    assert len(api.requests) == 13
    assert query_rows(all_published, PRICES) == before

    allowed = run("--all", "--max-age", 0, "--allow-failure", "prices_slipped")
    assert "12 models requested: 12 loaded; 1 request in" in allowed.out
    assert "12 responses were reused from an earlier run that was not published" in allowed.out
    assert allowed.code == 0
    assert len(api.requests) == 14
    assert query_rows(all_published, PRICES) != before
    responses = all_published.parent / ".llm_stats" / "responses.sqlite"
    with ResponseCache(responses, dt.timedelta(hours=1)) as cache:
        assert cache.get(f"{api.base_url}/models/{IDS[0]}") is None, (
            "used responses are deleted, so that no later run reuses them"
        )


@pytest.mark.usefixtures("all_published")
def test_rejected_run_names_the_commands_that_request_again_and_publish(
    run: Command, api: SampleApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the API is repaired, the next run still fails: it reuses the cached responses."""
    api.publish([record | {"providers": []} for record in RECORDS])
    done = run(*IDS)
    assert done.code == 5
    assert done.err.splitlines()[-2:] == [
        "the next run reuses the responses; to request them again: "
        "SOURCES__LLM_STATS__CACHE_TTL=0 llm-stats run …",
        "if the data is right, to publish it: llm-stats run … --allow-failure tables_shrunk",
    ]
    api.publish(RECORDS)
    assert run(*IDS).code == 5, "from the cache"
    monkeypatch.setenv("SOURCES__LLM_STATS__CACHE_TTL", "0")
    assert run(*IDS).code == 0
    assert len(api.requests) == 2 * len(IDS)
