"""Runs against a failing API: loaded models, deferred models, no request sent twice."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from fake_api import faults, when
from fake_api.server import FakeApi
from llm_stats import run
from llm_stats.connection import DuckDBConnection
from llm_stats.errors import LlmStatsError
from llm_stats.fetch.cache import ResponseCache
from llm_stats.pipeline.result import format_result
from llm_stats.sample import SampleApi
from llm_stats.sample.api import json_response
from llm_stats.schema.arrow import to_arrow
from llm_stats.warehouse.base import FetchState
from support.command import Command
from support.fake_clock import ClockedRateLimiter
from support.queries import query_rows
from support.real_records import real_records
from support.sample_requests import requested_ids
from support.skip_conditions import REQUIRES_REAL_RECORDS
from support.synthetic_catalog import synthetic_catalog

pytestmark = pytest.mark.slow

RECORDS = synthetic_catalog(12, providers=1, scores=1)
IDS = [entry["id"] for entry in RECORDS]


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


def test_wrong_base_url_publishes_nothing(llm_stats: Command, workdir: Path) -> None:
    with SampleApi(RECORDS) as api:
        done = llm_stats("run", "gone", "lost", "--base-url", api.base_url, "--concurrency", 1)
        assert done.code == 3
        assert (
            f"nothing could be fetched: {api.base_url} returned 404 for the 2 models (gone, lost); "
            "wrong ids or wrong base URL?"
        ) in done.err
        assert not (workdir / "llm_stats.duckdb").exists()
        done = llm_stats(
            "run", "--all", "--base-url", f"{api.base_url}/x", "--requests-per-minute", 0
        )
    assert "HTTP 404 not_found" in done.err
    assert "wrong base URL?" in done.err
    assert done.code == 3


def test_rate_limit_counts_the_requests_of_the_previous_run(
    llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiters = []

    def create(requests: int) -> ClockedRateLimiter:
        limiters.append(ClockedRateLimiter(requests))
        return limiters[-1]

    monkeypatch.setattr("llm_stats.api.rate_limit.RateLimiter", create)
    with SampleApi(RECORDS) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 6)
        assert llm_stats("run", *IDS[:4], *given).code == 0
        assert llm_stats("run", *IDS[4:8], *given).code == 0
    first, second = (limiter.sent_at for limiter in limiters)
    assert first == [0] * 4
    assert second[:2] == [0] * 2
    assert 0 < second[2] <= second[3] <= limiters[1].window_seconds


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
    assert f"resets at: {faults.next_midnight()}; 3 models are deferred to the next run" in done.out
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
        assert llm_stats("run", *IDS, *given).code == 75
        assert len(api.requests) == 2


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


def test_load_that_loses_rows_is_not_published(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The load loses the `raw.fetches` row of a model that the API did not find.

    Only the comparison of counts can detect this loss.
    """
    monkeypatch.setattr(
        "llm_stats.schema.arrow.to_arrow",
        lambda page: to_arrow([answer for answer in page if answer.row]),
    )
    with FakeApi(RECORDS, faults={IDS[0]: faults.error(404)}) as api:
        done = llm_stats("run", *IDS, "--base-url", api.base_url, "--requests-per-minute", 0)
    assert done.code == 1
    assert re.search(
        (
            r"inconsistent counts: 12 requested, \{.*'not_found': 1.*\} fetched, \{'loaded': 11\} "
            r"in the warehouse"
        ),
        done.err,
    )
    assert not (workdir / "llm_stats.duckdb").exists()


@REQUIRES_REAL_RECORDS
@pytest.mark.usefixtures("short_backoff")
def test_open_data_set_with_transient_errors_and_a_small_quota(
    llm_stats: Command, workdir: Path
) -> None:
    """The API fails one request in five, allows 600 per minute, and has a quota of 150 responses.

    The first run loads 150 of the 169 models. The second run fetches the deferred 19 first.

    In the first run, the API returns at most two errors per model, because a third error would
    exhaust the attempts of the model.
    """
    records = real_records()
    ids = [entry["id"] for entry in records]
    one_in_five = when.first(2, when.every(5, faults.error(500)))
    with FakeApi(
        records, everywhere=[one_in_five, when.at_most(600, 60), when.after(150, faults.quota())]
    ) as api:
        given = ("--requests-per-minute", 600, "--base-url")
        done = llm_stats("run", *ids, *given, api.base_url)
    assert done.code == 75
    assert (
        f"169 models requested: 150 loaded, 19 deferred; {len(api.requests)} requests in "
        in done.out
    )
    assert query_rows(workdir / "llm_stats.duckdb", "select sum(attempts) from raw.fetches") == [
        (len(api.requests),)
    ]
    assert len(api.requests) > 150 * 1.2
    arrived = Counter(request.status for request in api.requests)
    assert arrived[200] == 150
    assert arrived[429] <= 8
    deferred = {
        model_id
        for (model_id,) in query_rows(
            workdir / "llm_stats.duckdb",
            "select model_id from raw.fetches where outcome = 'deferred'",
        )
    }

    with FakeApi(
        records, everywhere=[when.every(5, faults.error(500)), when.after(19, faults.quota())]
    ) as api:
        done = llm_stats("run", *ids, *given, api.base_url, "--concurrency", 1)
    assert done.code == 75
    assert (
        f"169 models requested: 19 loaded, 150 deferred; {len(api.requests)} requests in "
        in done.out
    )
    assert {request.model_id for request in api.requests if request.status == 200} == deferred
    assert query_rows(workdir / "llm_stats.duckdb", "select count(*) from raw.models") == [(169,)]


class TestKey:
    """Redaction of the key in files, logs, tracebacks and output, even if the API echoes it."""

    KEY = "sk-live-0123456789-abcdefghij"

    def echo(self, status: int) -> faults.Fault:
        return faults.error(
            status,
            "odd",
            f"The key {self.KEY} is odd.",
            help_url=f"https://help.invalid/?key={self.KEY}",
        )

    @pytest.fixture
    def find_leaks(
        self, workdir: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> Callable[..., list[str]]:
        """Return a function that fetches `IDS` and lists outputs and files with the key in them."""
        caplog.set_level(logging.DEBUG)

        def run_and_search(api: SampleApi) -> list[str]:
            printed_text = ""
            try:
                result = run(
                    IDS,
                    api_key=self.KEY,
                    base_url=api.base_url,
                    requests_per_minute=0,
                    database=workdir / "llm_stats.duckdb",
                )
                printed_text += "\n".join(format_result(result)) + repr(result)
            except LlmStatsError as error:
                chain: BaseException | None = error
                while chain is not None:
                    printed_text += "".join(traceback.format_exception(chain)) + repr(
                        chain.__dict__
                    )
                    chain = chain.__cause__ or chain.__context__
            printed = capfd.readouterr()
            assert "urllib3.connectionpool" in caplog.text, "the debug log is captured"
            places = {
                "result": printed_text,
                "log": caplog.text,
                "out": printed.out,
                "err": printed.err,
            }
            leaks = [
                name for name, text in places.items() if self.KEY in text or self.KEY[:20] in text
            ]
            return leaks + [
                str(file)
                for file in workdir.rglob("*")
                if file.is_file() and self.KEY[:20].encode() in file.read_bytes()
            ]

        return run_and_search

    @pytest.mark.usefixtures("short_backoff")
    def test_after_every_kind_of_response(
        self, find_leaks: Callable[..., list[str]], workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first run fails a check and keeps its responses in the cache.

        The second run publishes a snapshot.
        """
        bad = {
            IDS[0]: self.echo(400),
            IDS[1]: self.echo(404),
            IDS[2]: faults.changed(providers=f"for {self.KEY}"),
            IDS[3]: faults.changed(description=f"for {self.KEY}"),
            IDS[4]: faults.redirect(f"https://other.invalid/?key={self.KEY}"),
            IDS[5]: when.first(1, faults.dropped()),
            IDS[6]: lambda *_: json_response({"error": {"code": "x", "message": self.KEY}}),
            IDS[7]: lambda *_: json_response(
                {"detail": [{"loc": [self.KEY], "msg": self.KEY, "type": "x"}]}, 422
            ),
        }

        def reject(database: Path, accepted: object) -> None:
            raise LlmStatsError("rejected")

        with FakeApi(RECORDS, key=self.KEY, faults=bad) as api:
            with monkeypatch.context() as patched:
                patched.setattr("llm_stats.queries.checks.require_passing", reject)
                assert find_leaks(api) == []
            assert (workdir / ".llm_stats" / "responses.sqlite").stat().st_size
            assert find_leaks(api) == []
        assert (
            query_rows(
                workdir / "llm_stats.duckdb",
                "select count(*) from raw.fetches where message like '%***%'",
            )[0][0]
            >= 4
        )

    def test_after_a_rejected_key(self, find_leaks: Callable[..., list[str]]) -> None:
        with FakeApi(RECORDS, key=self.KEY, everywhere=[self.echo(401)]) as api:
            assert find_leaks(api) == []
