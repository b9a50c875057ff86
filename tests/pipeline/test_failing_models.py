"""Unknown, failing and deferred models of several runs: no model blocks the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.connection import DuckDBConnection
from llm_stats.sample import SampleApi
from llm_stats.warehouse.base import FetchState
from support.command import Command
from support.queries import attached, query_rows
from support.sample_requests import requested_ids
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

WITHOUT_LIMIT = ("--requests-per-minute", 0, "--concurrency", 1)


def failing_ids(database: Path) -> set[str]:
    with attached(database) as connection:
        return set(FetchState.read(DuckDBConnection(connection)).failing_at)


def test_model_that_fails_again_is_requested_after_deferred_ones_and_is_no_failure_of_the_run(
    llm_stats: Command, one_failing: Path
) -> None:
    """The models that the earlier run deferred come before those that it requested."""
    assert failing_ids(one_failing) == {IDS[0]}
    with FakeApi(RECORDS, faults={IDS[0]: faults.changed(providers="none")}) as api:
        given = ("--base-url", api.base_url, *WITHOUT_LIMIT)
        done = llm_stats("run", "--all", "--max-age", 0, *given)
        assert requested_ids(api) == [*IDS[6:], *IDS[:6]]
    assert done.code == 0
    assert f"  rejected again: {IDS[0]}: providers" in done.out
    assert query_rows(one_failing, "select count(*) from raw.models") == [(11,)]
    assert failing_ids(one_failing) == {IDS[0]}


def test_unknown_ids_and_the_withdrawn_newest_model_are_no_wrong_base_url(
    llm_stats: Command, one_failing: Path
) -> None:
    """The newest known model returns 404 too; the second newest confirms the base URL."""
    unknown = [f"gone-{number}" for number in range(22)]
    (one_failing.parent / "ids.txt").write_text("\n".join(unknown))
    with FakeApi(RECORDS, faults={IDS[5]: faults.error(404)}) as api:
        given = ("--base-url", api.base_url, *WITHOUT_LIMIT)
        done = llm_stats("run", "--ids-file", "ids.txt", *given)
    assert done.err == ""
    assert done.code == 4
    assert "22 models requested: 22 not_found; " in done.out
    assert "  not_found: gone-0: HTTP 404" in done.out
    assert set(requested_ids(api)) == {*unknown, IDS[5], IDS[4]}
    assert failing_ids(one_failing) == {*unknown, IDS[0]}


@pytest.mark.usefixtures("one_failing")
def test_day_on_which_every_model_fails_is_a_failure(llm_stats: Command) -> None:
    """The first run has a budget of six requests: six models fail, and six are deferred.

    The second run begins with the deferred models.
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
    assert "failing     7" in status, "also the model that failed before"
    with SampleApi(RECORDS) as api:
        assert llm_stats("run", *IDS, *given, api.base_url).code == 75
        assert set(requested_ids(api)) == set(IDS[:6])
