"""Runs that a check rejects: nothing is published, and the responses are kept."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path

import pytest
from llm_stats.errors import LlmStatsError
from llm_stats.fetch.cache import ResponseCache
from llm_stats.sample import SampleApi
from support.command import Command
from support.twelve_models import IDS, RECORDS

pytestmark = pytest.mark.slow


def test_run_after_a_failed_check_sends_no_request_again(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reject(database: Path, accepted: object) -> None:
        raise LlmStatsError("rejected")

    with SampleApi(RECORDS) as api:
        given = ("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0)
        with monkeypatch.context() as patched:
            patched.setattr("llm_stats.queries.checks.require_passing", reject)
            assert llm_stats(*given).code == 1
        assert len(api.requests) == 13
        done = llm_stats(*given)
        assert "12 models requested: 12 loaded; 0 requests in" in done.out
        assert done.code == 0
        assert len(api.requests) == 13
    with ResponseCache(workdir / ".llm_stats" / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        assert cache.get(f"{api.base_url}/models/{IDS[0]}") is None, (
            "used responses are deleted, so that no later run reuses them"
        )


def test_slipped_prices_are_not_published_unless_allowed(run: Command, api: SampleApi) -> None:
    assert run("--all").code == 0
    slipped = copy.deepcopy(RECORDS)
    for offer in (offer for record in slipped for offer in record["providers"]):
        for field in ("input_price_per_m", "output_price_per_m"):
            offer[field] *= 1000
    api.publish(slipped)

    refused = run("--all")
    assert refused.code == 5
    assert "error: prices_slipped: Most offers of the last load changed in the same way" in (
        refused.err
    )
    assert "change=input price changed by the same factor, factor=1000.0, offer_count=12" in (
        refused.err
    )
    assert run("--all", "--allow-failure", "prices_slipped").code == 0


def test_rejected_run_names_the_commands_that_request_again_and_publish(
    llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the API is repaired, the next run still fails: it reuses the cached responses."""
    with SampleApi(RECORDS) as api:
        given = ("run", *IDS, "--base-url", api.base_url, "--requests-per-minute", 0)
        assert llm_stats(*given).code == 0
        api.publish([record | {"providers": []} for record in RECORDS])
        done = llm_stats(*given)
        assert done.code == 5
        assert done.err.splitlines()[-2:] == [
            "the next run reuses the responses; to request them again: "
            "SOURCES__LLM_STATS__CACHE_TTL=0 llm-stats run …",
            "if the data is right, to publish it: llm-stats run … --allow-failure tables_shrunk",
        ]
        api.publish(RECORDS)
        assert llm_stats(*given).code == 5, "from the cache"
        monkeypatch.setenv("SOURCES__LLM_STATS__CACHE_TTL", "0")
        assert llm_stats(*given).code == 0
        assert len(api.requests) == 3 * len(IDS)
