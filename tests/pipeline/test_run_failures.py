"""Runs against a failing API: error messages, consistent counts, nothing published."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from fake_api import faults, when
from fake_api.server import FakeApi
from llm_stats.sample import SampleApi
from llm_stats.sample.http import Request, Response
from llm_stats.schema.arrow import to_arrow
from llm_stats.schema.fetch import FetchResult
from support.command import Command
from support.fake_clock import ClockedRateLimiter
from support.queries import query_rows
from support.real_records import real_records
from support.sample_requests import requested_ids
from support.skip_conditions import REQUIRES_REAL_RECORDS
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


def test_wrong_base_url_publishes_nothing(llm_stats: Command, one_model: Path) -> None:
    """The API returns 404 for the requested models, and for the model that was loaded earlier."""
    before = one_model.read_bytes()
    with SampleApi(RECORDS) as api:
        done = llm_stats("run", "gone", "lost", "--base-url", api.base_url, "--concurrency", 1)
        assert done.code == 3
        assert (
            f"nothing could be fetched: {api.base_url} returned 404 for the 2 models (gone, lost); "
            "wrong ids or wrong base URL?"
        ) in done.err
        assert one_model.read_bytes() == before
        done = llm_stats(
            "run", "--all", "--base-url", f"{api.base_url}/x", "--requests-per-minute", 0
        )
    assert "HTTP 404 not_found" in done.err
    assert "wrong base URL?" in done.err
    assert done.code == 3


@pytest.mark.usefixtures("short_backoff")
def test_rate_limit_counts_the_requests_of_the_previous_run(
    llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both runs request the model list three times, because each response is an error."""
    limiters = []

    def create(requests: int) -> ClockedRateLimiter:
        limiters.append(ClockedRateLimiter(requests))
        return limiters[-1]

    monkeypatch.setattr("llm_stats.api.rate_limit.RateLimiter", create)
    with FakeApi(RECORDS, faults={faults.LIST: faults.error(500)}) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 5)
        for _ in range(2):
            assert llm_stats("run", "--all", *given).code == 3
    first, second = (limiter.sent_at for limiter in limiters)
    assert first == [0] * 3
    assert second[:2] == [0] * 2
    assert 0 < second[2] <= limiters[1].window_seconds


@pytest.mark.usefixtures("short_backoff")
def test_run_with_every_kind_of_failure_has_consistent_counts(
    llm_stats: Command, workdir: Path
) -> None:
    """The numbers of models per outcome add up to the number of requested models.

    The summary, `raw.fetches` and the API agree on the number of requests.
    """
    bad = {
        IDS[1]: faults.error(404),
        IDS[2]: faults.changed(providers="none"),
        IDS[3]: faults.error(500),
        IDS[4]: faults.dropped(),
    }
    with FakeApi(RECORDS, faults=bad, daily_quota=10) as api:
        done = llm_stats(
            "run",
            "--all",
            "--base-url",
            api.base_url,
            "--requests-per-minute",
            0,
            "--concurrency",
            1,
        )
    assert done.code == 4, "some models failed, whatever was deferred"
    # counted by the quota of 10: the list, 1 rejected record, 3 dropped responses, 5 records
    assert (
        "12 models requested: 5 loaded, 1 not_found, 1 rejected, 2 failed, 3 deferred; " in done.out
    )
    fetches = dict(
        query_rows(
            workdir / "llm_stats.duckdb",
            "select outcome, count(*) from raw.fetches group by outcome",
        )
    )
    assert fetches == {"loaded": 5, "not_found": 1, "rejected": 1, "failed": 2, "deferred": 3}
    assert query_rows(workdir / "llm_stats.duckdb", "select count(*) from raw.models") == [(5,)]
    assert query_rows(
        workdir / "llm_stats.duckdb", "select sum(attempts) + 1 from raw.fetches"
    ) == [(len(api.requests),)]
    assert f"; {len(api.requests)} requests in " in done.out
    assert (
        "stopped early: the quota is spent: HTTP 429 quota_exceeded: Daily quota spent." in done.out
    )
    assert f"resets at: {faults.next_midnight()}; 3 models are deferred to a later run" in done.out
    assert (
        f"failed: {IDS[3]}: HTTP 500 internal_error: The sample is set to fail. "
        "(https://sample.invalid/errors/internal_error)"
    ) in done.out


def test_quota_spent_before_the_first_response(llm_stats: Command, workdir: Path) -> None:
    with FakeApi(RECORDS, everywhere=[faults.quota(reset_at="2026-11-24T00:00:00Z")]) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 0, "--concurrency", 1)
        done = llm_stats("run", "--all", *given)
        assert done.code == 75
        assert len(api.requests) == 1
        assert "resets at: 2026-11-24T00:00:00Z" in done.err
        assert not (workdir / "llm_stats.duckdb").exists()


def test_cache_that_fails_during_a_run_defers_the_remaining_models(
    llm_stats: Command, workdir: Path
) -> None:
    """The table of the cache disappears while the third model is requested."""

    def break_cache(_: Request, response: Response) -> Response:
        path = workdir / ".llm_stats" / "responses.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("drop table cached_responses")
        return response

    with FakeApi(RECORDS, faults={IDS[2]: break_cache}) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 0, "--concurrency", 1)
        done = llm_stats("run", *IDS, *given)
        assert requested_ids(api) == IDS[:3]
    assert done.code == 75
    assert "12 models requested: 3 loaded, 9 deferred; 3 requests in " in done.out
    assert "stopped early: a response could not be cached: " in done.out


def test_load_with_other_outcomes_than_the_run_is_not_published(
    llm_stats: Command, twelve_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The load stores the outcome `failed` for a model that the API did not find.

    The number of rows is right, so only the comparison of outcomes can detect this.
    """

    def with_another_outcome(page: list[FetchResult]) -> dict[str, pa.Table]:
        failed = [answer.fetch.model_copy(update={"outcome": "failed"}) for answer in page]
        return to_arrow(
            [
                answer if answer.row else FetchResult(fetch)
                for answer, fetch in zip(page, failed, strict=True)
            ]
        )

    before = twelve_models.read_bytes()
    monkeypatch.setattr("llm_stats.schema.arrow.to_arrow", with_another_outcome)
    with FakeApi(RECORDS, faults={IDS[0]: faults.error(404)}) as api:
        done = llm_stats("run", *IDS, "--base-url", api.base_url, "--requests-per-minute", 0)
    assert done.code == 1
    assert re.search(
        (
            r"inconsistent counts: 12 requested, \{.*'not_found': 1.*\} fetched, "
            r"\{.*'failed': 1.*\} in the warehouse"
        ),
        done.err,
    )
    assert twelve_models.read_bytes() == before


def one_in_five() -> faults.Fault:
    """Return a fault for every fifth request, at most twice per model."""
    return when.first(2, when.every(5, faults.error(500)))


@REQUIRES_REAL_RECORDS
@pytest.mark.usefixtures("short_backoff")
def test_open_data_set_with_transient_errors_and_a_small_quota(
    llm_stats: Command, workdir: Path
) -> None:
    """The API fails one request in five; only the first run has a quota, of 150 responses.

    The first run loads 150 of the 169 models. The second run fetches the deferred 19 first, then
    the other 150 again. After that, the database is complete.

    A third error would exhaust the attempts of a model, so `one_in_five` returns at most two.
    """
    records = real_records()
    ids = [entry["id"] for entry in records]
    database = workdir / "llm_stats.duckdb"
    given = ("--requests-per-minute", 600, "--base-url")
    quota = [when.at_most(600, 60), when.after(150, faults.quota())]
    with FakeApi(records, everywhere=[one_in_five(), *quota]) as api:
        done = llm_stats("run", *ids, *given, api.base_url)
    assert done.code == 75
    assert (
        f"169 models requested: 150 loaded, 19 deferred; {len(api.requests)} requests in "
        in done.out
    )
    assert query_rows(database, "select sum(attempts) from raw.fetches") == [(len(api.requests),)]
    assert len(api.requests) > 150 * 1.2
    arrived = Counter(request.status for request in api.requests)
    assert arrived[200] == 150
    assert arrived[429] <= 8
    deferred = query_rows(database, "select model_id from raw.fetches where outcome = 'deferred'")

    with FakeApi(records, everywhere=[one_in_five()]) as api:
        done = llm_stats("run", *ids, *given, api.base_url, "--concurrency", 1)
    assert done.code == 0
    assert f"169 models requested: 169 loaded; {len(api.requests)} requests in " in done.out
    fetched = [request.model_id for request in api.requests if request.status == 200]
    assert {(model_id,) for model_id in fetched[:19]} == set(deferred)
    counts = """
        select (select count(*) from raw.models), (select count(*) from raw.models__providers),
        (select count(*) from raw.models__scores),
        (select count(*) from marts.scores)
    """
    aliases = dict(
        query_rows(database, "select alias, benchmark_id from staging.benchmark_aliases")
    )
    scores = {
        (entry["id"], aliases.get(score["benchmark_id"], score["benchmark_id"]))
        for entry in records
        for score in entry["scores"]
    }
    assert query_rows(database, counts) == [(169, 244, 2224, len(scores))]
