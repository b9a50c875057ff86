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


def test_budget_is_spent_on_the_stalest_models_first(llm_stats: Command, workdir: Path) -> None:
    """The first of 12 models does not exist. A run has 7 requests: the list and six models."""
    with FakeApi(RECORDS, faults={IDS[0]: faults.error(404)}) as api:
        given = (
            "--base-url",
            api.base_url,
            "--max-requests",
            7,
            "--requests-per-minute",
            0,
            "--concurrency",
            1,
        )
        first = llm_stats("run", "--all", *given)
        assert first.code == 4, "one model failed, whatever was deferred"
        assert len(api.requests) == 7
        assert requested_ids(api) == IDS[:6]
        assert (
            "stopped early: the budget of 7 requests is spent; 6 models are deferred to the "
            "next run"
        ) in first.out
        second = llm_stats("run", "--all", *given)
        assert second.code == 75
        assert len(api.requests) == 14
        assert requested_ids(api)[6:] == IDS[6:]
    assert query_rows(workdir / "llm_stats.duckdb", "select count(*) from raw.models") == [(11,)]
    with duckdb.connect(workdir / "llm_stats.duckdb", read_only=True) as connection:
        assert FetchState.read(DuckDBConnection(connection)).failing_at.keys() == {IDS[0]}


@pytest.mark.usefixtures("short_backoff")
def test_failing_ids_do_not_block_a_run(llm_stats: Command, workdir: Path) -> None:
    """A third of the ids fail, spread over the list. Every run loads all other ids."""
    records = synthetic_catalog(36, providers=1, scores=1)
    ids = [entry["id"] for entry in records]
    with FakeApi(records, faults=dict.fromkeys(ids[::3], faults.error(500))) as api:
        given = (
            "run",
            *ids,
            "--base-url",
            api.base_url,
            "--requests-per-minute",
            0,
            "--concurrency",
            1,
        )
        for days in range(2):
            assert llm_stats(*given).code == 4
            assert query_rows(
                workdir / "llm_stats.duckdb",
                "select count(*) from raw.fetches where outcome = 'loaded'",
            ) == [(24 * (days + 1),)]


@pytest.mark.parametrize("unknown", [21, 40])
def test_many_unknown_ids_do_not_block_the_known_ones(
    llm_stats: Command, workdir: Path, unknown: int
) -> None:
    (workdir / "ids.txt").write_text("\n".join([*(f"gone-{n}" for n in range(unknown)), *IDS[:5]]))
    with SampleApi(RECORDS) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 0)
        assert llm_stats("run", *IDS[:5], *given).code == 0
        done = llm_stats("run", "--ids-file", "ids.txt", *given)
        assert done.code == 4
        assert done.err == ""
        assert f"{unknown + 5} models requested: 5 loaded, {unknown} not_found; " in done.out
        assert "  not_found: gone-0: HTTP 404" in done.out
        del api.requests[:]
        again = llm_stats("run", "--ids-file", "ids.txt", *given)
    assert again.code == 4
    assert "  not_found again: gone-0: HTTP 404" in again.out
    assert len(requested_ids(api)) == unknown + 5, "no further model proves the base URL"


@pytest.mark.parametrize("fault", [faults.error(404), faults.error(500)], ids=["404", "500"])
@pytest.mark.usefixtures("short_backoff")
def test_newest_model_that_was_withdrawn_does_not_block_the_others(
    llm_stats: Command, workdir: Path, fault: faults.Fault
) -> None:
    unknown = [f"gone-{number}" for number in range(40)]
    with FakeApi(RECORDS, faults={IDS[4]: fault}) as api, SampleApi(RECORDS) as earlier:
        given = ("--requests-per-minute", 0, "--concurrency", 1, "--base-url")
        assert llm_stats("run", *IDS[:5], *given, earlier.base_url).code == 0
        assert llm_stats("run", "typo-1", *given, api.base_url).code == 4
        done = llm_stats("run", *unknown, *IDS[:5], *given, api.base_url)
        assert done.code == 4
        assert "45 models requested: 4 loaded, 4" in done.out


def test_unknown_ids_beyond_the_budget_delay_the_known_ones(llm_stats: Command) -> None:
    """Each run has 10 requests, and ids that were never requested come first.

    The failed runs store their 404s. The third run therefore begins with the known models.
    """
    unknown = [f"gone-{number}" for number in range(20)]
    with SampleApi(RECORDS) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 0, "--concurrency", 1)
        assert llm_stats("run", *IDS[:5], *given).code == 0
        runs = [
            llm_stats("run", *unknown, *IDS[:5], *given, "--max-requests", 10) for _ in range(3)
        ]
    assert [done.code for done in runs] == [3, 3, 4]
    assert "25 models requested: 5 loaded, 5 not_found, 15 deferred; " in runs[2].out
    assert requested_ids(api)[25:30] == IDS[:5]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.changed(providers="none"), "rejected"),
        (faults.html(), "failed"),
        (faults.error(404), "not_found"),
    ],
    ids=["rejected", "html", "404"],
)
def test_day_on_which_every_model_fails_is_a_failure(
    llm_stats: Command, workdir: Path, fault: faults.Fault, outcome: str
) -> None:
    """The budget defers half of the models. The next run fetches the deferred models first."""
    given = ("--requests-per-minute", 0, "--max-requests", 6, "--base-url")
    with SampleApi(RECORDS) as api:
        assert llm_stats("run", *IDS[6:], *given, api.base_url).code == 0
    with FakeApi(RECORDS, faults=dict.fromkeys(IDS, fault)) as api:
        done = llm_stats("run", *IDS, *given, api.base_url)
    assert done.code == 3
    assert done.err.startswith(
        f"llm-stats: nothing could be fetched: 12 models requested: 6 {outcome}, 6 deferred; "
    )
    assert done.err.endswith("; `llm-stats status` lists the models that failed\n")
    status = llm_stats("status").out
    assert "health      poor: the last run failed; " in status
    assert "failing     6" in status
    with SampleApi(RECORDS) as api:
        assert llm_stats("run", *IDS, *given, api.base_url).code == 75
        assert set(requested_ids(api)) == set(IDS[6:])


def test_model_that_fails_again_is_named_but_no_failure_of_a_run_with_all_models(
    llm_stats: Command, workdir: Path
) -> None:
    fault = faults.changed(providers="none")
    with FakeApi(RECORDS, faults={IDS[0]: fault}) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 0)
        assert llm_stats("run", "--all", *given).code == 4
        again = llm_stats("run", "--all", *given)
    assert again.code == 0
    assert f"  rejected again: {IDS[0]}: providers" in again.out


def test_max_age_skips_newer_models(llm_stats: Command) -> None:
    given = ("--requests-per-minute", 0, "--concurrency", 1)
    with FakeApi(RECORDS, faults={IDS[3]: faults.error(404)}) as api:
        assert llm_stats("run", *IDS[:4], "--base-url", api.base_url, *given, "--quiet").code == 4
    with SampleApi(RECORDS) as api:
        done = llm_stats("run", *IDS[:5], "--base-url", api.base_url, *given, "--max-age", "6h")
        assert done.code == 0
        assert requested_ids(api) == [IDS[4], IDS[3]], "failing models come last"
    assert "2 models requested: 2 loaded; " in done.out
    assert "3 models skipped (newer than --max-age)" in done.out
