"""Unknown, failing and deferred models of several runs: no model blocks the others."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.connection import DuckDBConnection
from llm_stats.sample import SampleApi
from llm_stats.warehouse.base import FetchState
from support.command import Command
from support.queries import query_rows
from support.sample_requests import requested_ids
from support.synthetic_catalog import synthetic_catalog
from support.twelve_models import IDS, RECORDS

pytestmark = pytest.mark.slow

WITHOUT_LIMIT = ("--requests-per-minute", 0, "--concurrency", 1)


def test_budget_is_spent_on_the_stalest_models_first(
    run: Command, api: SampleApi, one_failing: Path
) -> None:
    """The run has 7 requests: the catalog, and the six models that the earlier run deferred."""
    done = run("--all", "--max-age", 0, "--max-requests", 7, "--concurrency", 1)
    assert done.code == 75
    assert len(api.requests) == 7
    assert requested_ids(api) == IDS[6:]
    assert (
        "stopped early: the budget of 7 requests is spent; 6 models are deferred to a later run"
    ) in done.out
    assert query_rows(one_failing, "select count(*) from raw.models") == [(11,)]
    with duckdb.connect(one_failing, read_only=True) as connection:
        assert FetchState.read(DuckDBConnection(connection)).failing_at.keys() == {IDS[0]}


@pytest.mark.usefixtures("short_backoff")
def test_failing_ids_do_not_block_a_run(llm_stats: Command, workdir: Path) -> None:
    """A third of the ids fail, spread over the list. Every run loads all other ids."""
    records = synthetic_catalog(36, providers=1, scores=1)
    ids = [entry["id"] for entry in records]
    with FakeApi(records, faults=dict.fromkeys(ids[::3], faults.error(500))) as api:
        given = ("run", *ids, "--base-url", api.base_url, *WITHOUT_LIMIT)
        for days in range(2):
            assert llm_stats(*given).code == 4
            assert query_rows(
                workdir / "llm_stats.duckdb",
                "select count(*) from raw.fetches where outcome = 'loaded'",
            ) == [(24 * (days + 1),)]


def test_unknown_ids_and_the_withdrawn_newest_model_do_not_block_the_others(
    llm_stats: Command, half_published: Path
) -> None:
    """There are more unknown ids than the 404s after which a run without known models stops."""
    unknown = ["typo-1", *(f"gone-{number}" for number in range(21))]
    (half_published.parent / "ids.txt").write_text("\n".join([*unknown, *IDS[6:]]))
    with FakeApi(RECORDS, faults={IDS[-1]: faults.error(404)}) as api:
        given = ("--base-url", api.base_url, *WITHOUT_LIMIT)
        assert llm_stats("run", "typo-1", *given).code == 4
        done = llm_stats("run", "--ids-file", "ids.txt", *given)
        assert done.code == 4
        assert done.err == ""
        assert "28 models requested: 5 loaded, 23 not_found; " in done.out
        assert "  not_found: gone-0: HTTP 404" in done.out
        del api.requests[:]
        again = llm_stats("run", "--ids-file", "ids.txt", *given)
    assert again.code == 4
    assert "  not_found again: gone-0: HTTP 404" in again.out
    assert len(requested_ids(api)) == 28, "no further model proves the base URL"


@pytest.mark.usefixtures("half_published")
def test_unknown_ids_beyond_the_budget_delay_the_known_ones(run: Command, api: SampleApi) -> None:
    """Each run has 10 requests, and ids that were never requested come first.

    The failed run stores its 404s. The next run therefore begins with the known models.
    """
    unknown = [f"gone-{number}" for number in range(10)]
    first, second = (
        run(*unknown, *IDS[6:], "--max-requests", 10, "--concurrency", 1) for _ in range(2)
    )
    assert first.code == 3
    assert requested_ids(api)[:10] == unknown
    assert second.code == 4
    assert "16 models requested: 6 loaded, 4 not_found, 6 deferred; " in second.out
    assert requested_ids(api)[10:16] == IDS[6:]


@pytest.mark.usefixtures("half_published")
def test_day_on_which_every_model_fails_is_a_failure(llm_stats: Command) -> None:
    """The budget defers half of the models. The next run fetches the deferred models first.

    The other half fails: two models with each outcome.
    """
    bad = [faults.changed(providers="none"), faults.html(), faults.error(404)]
    given = ("--requests-per-minute", 0, "--max-requests", 6, "--base-url")
    with FakeApi(RECORDS, faults=dict(zip(IDS, bad * 4, strict=True))) as api:
        done = llm_stats("run", *IDS, *given, api.base_url)
    assert done.code == 3
    assert done.err.startswith(
        "llm-stats: nothing could be fetched: "
        "12 models requested: 2 not_found, 2 rejected, 2 failed, 6 deferred; "
    )
    assert done.err.endswith("; `llm-stats status` lists the models that failed\n")
    status = llm_stats("status").out
    assert "health      poor: the last run failed; " in status
    assert "failing     6" in status
    with SampleApi(RECORDS) as api:
        assert llm_stats("run", *IDS, *given, api.base_url).code == 75
        assert set(requested_ids(api)) == set(IDS[6:])


@pytest.mark.usefixtures("one_failing")
def test_model_that_fails_again_is_named_but_no_failure_of_a_run_with_all_models(
    llm_stats: Command,
) -> None:
    with FakeApi(RECORDS, faults={IDS[0]: faults.changed(providers="none")}) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url, *WITHOUT_LIMIT)
    assert done.code == 0
    assert f"  rejected again: {IDS[0]}: providers" in done.out


@pytest.mark.usefixtures("one_failing")
def test_max_age_skips_newer_models(run: Command, api: SampleApi) -> None:
    done = run(*IDS[:7], "--max-age", "6h", "--concurrency", 1)
    assert done.code == 0
    assert requested_ids(api) == [IDS[6], IDS[0]], "failing models come last"
    assert "2 models requested: 2 loaded; " in done.out
    assert "5 models skipped (newer than --max-age)" in done.out
