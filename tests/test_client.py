"""The client against every fault of the sample API: what it makes of it, what it asks again, and what it never asks."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import itertools
import socket
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from bench.synthetic import catalogue
from llm_stats import listing, patience, wire
from llm_stats.cache import ResponseCache
from llm_stats.client import Answer, Client
from llm_stats.errors import NothingFetched, QuotaSpent, UsageError
from llm_stats.pace import Pace
from llm_stats.response import MAX_BODY_BYTES
from llm_stats.sample import SAMPLE_KEY, SampleApi, exchange, faults
from llm_stats.sample.faults import ACCOUNT, LIST, Fault

RECORDS = catalogue(30, providers=1, scores=1)
IDS = [entry["id"] for entry in RECORDS]
ONE, TWO = IDS[:2]


def client_of(api: SampleApi, **options: Any) -> Client:
    """A client without a limit, that hardly waits between tries."""
    given: dict[str, Any] = {"api_key": SAMPLE_KEY, "pace": Pace(0), "backoff_seconds": 0.001}
    return Client(api.base_url, **(given | options))


def fetched(api: SampleApi, model_ids: list[str] | None = None, **options: Any) -> tuple[dict[str, Answer], Client]:
    """The answers by id, and the client that got them."""
    with client_of(api, **options) as client:
        return {answer.fetch.model_id: answer for answer in client.fetch(IDS if model_ids is None else model_ids)}, client


def only(fault: Fault, **options: Any) -> tuple[Answer, SampleApi, Client]:
    """The answer for one model under a fault."""
    with SampleApi(RECORDS, faults={ONE: fault}) as api:
        answers, client = fetched(api, [ONE], **options)
    return answers[ONE], api, client


def outcomes(answers: dict[str, Answer]) -> Counter[str]:
    return Counter(answer.fetch.outcome for answer in answers.values())


def asked(api: SampleApi) -> Counter[str]:
    """How often each model was asked for."""
    return Counter(request.model_id for request in api.requests if request.model_id)


@pytest.fixture
def api() -> Iterator[SampleApi]:
    with SampleApi(RECORDS) as serving:
        yield serving


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        yield cache


def test_everything_is_fetched_once(api: SampleApi) -> None:
    answers, client = fetched(api)
    assert outcomes(answers) == {"loaded": 30}
    assert asked(api) == dict.fromkeys(IDS, 1)
    assert client.requests_sent == 30
    assert client.stop is None
    fetch = answers[ONE].fetch
    assert (fetch.http_status, fetch.error_code, fetch.message, fetch.attempts) == (200, None, None, 1)


def test_it_introduces_itself_and_asks_for_compression(api: SampleApi) -> None:
    fetched(api, [ONE])
    headers = api.requests[0].headers
    assert headers["user-agent"].startswith("llm-stats/")
    assert "gzip" in headers["accept-encoding"]
    assert headers["authorization"] == f"Bearer {SAMPLE_KEY}"


def test_connections_are_used_again(api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def count(*_: object) -> bool:
        opened.append(1)
        return True

    monkeypatch.setattr(api._server, "verify_request", count)
    fetched(api, concurrency=2)
    assert len(opened) <= 2


def test_no_more_are_in_flight_than_allowed() -> None:
    flying: list[int] = []
    now = [0]
    lock = threading.Lock()

    class Counting(SampleApi):
        def respond(self, request: exchange.Request) -> exchange.Answer:
            with lock:
                now[0] += 1
                flying.append(now[0])
            try:
                return super().respond(request)
            finally:
                with lock:
                    now[0] -= 1

    with Counting(RECORDS, latency_ms=20) as api:
        fetched(api, concurrency=4)
    assert max(flying) == 4


class TestPace:
    def test_retries_count_and_all_threads_share_it(self) -> None:
        with SampleApi(RECORDS, everywhere=[faults.every(3, faults.error(500))]) as api:
            answers, client = fetched(api, pace=Pace(20, window_seconds=0.5))
        arrivals = [request.at for request in api.requests]
        assert client.requests_sent == len(arrivals) > 35
        assert max(sum(start <= at < start + 0.5 for at in arrivals) for start in arrivals) <= 20
        assert outcomes(answers)["loaded"] >= 25

    @pytest.mark.parametrize(("seconds", "as_date"), [(1, False), (2, True)], ids=["seconds", "date"])
    def test_retry_after_pauses_everybody(self, seconds: int, as_date: bool) -> None:
        """A date holds whole seconds: two seconds from now is between one and two away."""
        fault = faults.first(1, faults.burst(retry_after=seconds, as_date=as_date))
        with SampleApi(RECORDS, faults={ONE: fault}, latency_ms=5) as api:
            answers, _ = fetched(api, concurrency=4)
        assert outcomes(answers) == {"loaded": 30}
        refused = next(request.at for request in api.requests if request.status == 429)
        after = sorted(request.at - refused for request in api.requests if request.at > refused + 0.1)
        assert after[0] >= 0.95
        assert len(after) >= 30 - 2 * 4
        assert answers[ONE].fetch.attempts == 2

    def test_a_date_is_read_by_the_servers_clock(self) -> None:
        refusal = exchange.Answer(429, headers={"Date": "Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2026 07:28:01 GMT"})
        began = time.monotonic()
        answer, _, _ = only(faults.first(1, lambda *_: refusal))
        assert answer.fetch.outcome == "loaded"
        assert 1 <= time.monotonic() - began < 5

    def test_a_429_that_says_nothing_pauses_everybody_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "UNTOLD_PAUSES_SECONDS", (0.2, 0.4))
        began = time.monotonic()
        answer, api, _ = only(faults.first(2, faults.bare(429)))
        assert time.monotonic() - began >= 0.6
        assert (answer.fetch.outcome, answer.fetch.attempts, len(api.requests)) == ("loaded", 3, 3)

    @pytest.mark.parametrize("seconds", [1, 1.5])
    def test_a_503_may_ask_for_a_pause(self, seconds: float) -> None:
        began = time.monotonic()
        answer, _, _ = only(faults.first(1, faults.bare(503, retry_after=seconds)))
        assert time.monotonic() - began >= seconds
        assert answer.fetch.outcome == "loaded"


TRANSIENT: dict[str, Fault] = {
    "500": faults.error(500),
    "502": faults.bare(502),
    "503 quota service": faults.error(503, "quota_service_unavailable"),
    "burst 429": faults.burst(retry_after=0),
    "dropped": faults.dropped(),
    "cut off": faults.cut_off(),
}


NOT_TRANSIENT: dict[str, Fault] = {
    "404": faults.error(404),
    "410": faults.error(410, "cursor_expired"),
    "418": faults.bare(418),
    "html": faults.html(),
    "empty": faults.empty(),
    "cut json": faults.cut_json(),
    "wrong shape": faults.changed(providers="none"),
    "oversized": faults.oversized(),
    "redirect": faults.redirect("https://elsewhere.invalid/"),
}


class TestRetry:
    @pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
    def test_helps_when_it_was_transient(self, fault: Fault) -> None:
        answer, api, client = only(faults.first(2, fault))
        assert (answer.fetch.outcome, answer.fetch.attempts, answer.fetch.message) == ("loaded", 3, None)
        assert len(api.requests) == client.requests_sent == 3

    @pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
    def test_ends_after_a_few_tries(self, fault: Fault) -> None:
        answer, api, _ = only(fault)
        assert (answer.fetch.outcome, answer.fetch.attempts, len(api.requests)) == ("failed", 3, 3)
        assert answer.fetch.message

    def test_of_a_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert wire.READ_TIMEOUT_SECONDS > 30
        monkeypatch.setattr(wire, "READ_TIMEOUT_SECONDS", 0.1)
        answer, api, _ = only(faults.slow(0.4), tries=2)
        assert (answer.fetch.outcome, answer.fetch.attempts, len(api.requests)) == ("failed", 2, 2)
        assert answer.fetch.message == f"no answer from {api.base_url}: timed out"

    def test_of_a_body_that_drips(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("llm_stats.response.BODY_TIMEOUT_SECONDS", 0.2)
        began = time.monotonic()
        answer, _, _ = only(faults.drip(0.02), tries=2)
        assert time.monotonic() - began < 3
        assert answer.fetch.message == "the body took over 0.2 s"
        assert (answer.fetch.outcome, answer.fetch.attempts) == ("failed", 2)

    def test_waits_longer_each_time_and_never_the_same(self) -> None:
        """Full jitter: up to the base, then up to twice the base; measured as time between arrivals."""
        gaps = []
        for _ in range(3):
            _, api, _ = only(faults.error(500), backoff_seconds=0.1)
            arrivals = [request.at for request in api.requests]
            gaps += [after - before for before, after in itertools.pairwise(arrivals)]
        assert max(gaps) < 0.5
        assert len({round(gap, 3) for gap in gaps}) > 1

    @pytest.mark.parametrize("fault", NOT_TRANSIENT.values(), ids=NOT_TRANSIENT)
    def test_is_not_tried_where_it_cannot_help(self, fault: Fault) -> None:
        answer, api, _ = only(fault)
        assert answer.fetch.outcome != "loaded"
        assert (answer.fetch.attempts, len(api.requests)) == (1, 1)


class TestRefusedKey:
    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (401, "invalid_api_key"),
            (401, "authentication_required"),
            (402, "payment_required"),
            (403, "stats_api_access_denied"),
            (403, "entitlement_suspended"),
        ],
    )
    def test_stops_before_more_requests_go_out(self, status: int, code: str) -> None:
        with SampleApi(RECORDS, everywhere=[faults.error(status, code, "No.")], latency_ms=20) as api:
            answers, client = fetched(api, concurrency=4)
        assert len(api.requests) <= 4
        assert outcomes(answers) == {"failed": len(api.requests), "deferred": 30 - len(api.requests)}
        assert client.stop is not None
        assert client.stop.kind == "refused"
        assert client.stop.message == f"the API refused the key: HTTP {status} {code}: No. (https://sample.invalid/errors/{code})"

    def test_a_feature_that_is_not_in_the_plan_concerns_its_model_alone(self) -> None:
        """Once a record has come, now or in an earlier run, the key is known to be good."""
        bad = faults.error(403, "feature_not_in_plan", "Not in your plan.")
        with SampleApi(RECORDS, faults={IDS[1]: bad}) as api:
            answers, client = fetched(api, concurrency=1)
            assert (outcomes(answers), client.stop) == ({"failed": 1, "loaded": 29}, None)
            with client_of(api, concurrency=1) as later:
                answers = {answer.fetch.model_id: answer for answer in later.fetch(IDS[1:], {ONE: dt.datetime.now(dt.UTC)})}
            assert (outcomes(answers), later.stop) == ({"failed": 1, "loaded": 28}, None)
            answers, first = fetched(api, IDS[1:], concurrency=1)
        assert outcomes(answers) == {"failed": 1, "deferred": 28}
        assert first.stop is not None
        assert first.stop.kind == "refused"

    def test_a_plan_without_any_model_is_given_up(self) -> None:
        with SampleApi(RECORDS, everywhere=[faults.error(403, "feature_not_in_plan")]) as api, client_of(api, concurrency=1) as client:
            answers = {answer.fetch.model_id: answer for answer in client.fetch(IDS, {ONE: dt.datetime.now(dt.UTC)})}
        assert outcomes(answers) == {"failed": 10, "deferred": 20}

    def test_wakes_those_who_wait_for_the_pace(self) -> None:
        """At one request a minute, nobody waits a minute to hear that the key is refused."""
        began = time.monotonic()
        with SampleApi(RECORDS, everywhere=[faults.error(401), faults.slow(0.05)]) as api:
            answers, client = fetched(api, pace=Pace(1))
        assert time.monotonic() - began < 5
        assert outcomes(answers) == {"failed": 1, "deferred": 29}
        assert len(api.requests) == client.requests_sent == 1, "and nobody's waiting counts"

    def test_midway_keeps_what_arrived(self) -> None:
        with SampleApi(RECORDS, everywhere=[faults.after(10, faults.error(403))]) as api:
            answers, _ = fetched(api, concurrency=2)
        assert outcomes(answers)["loaded"] == 10
        assert len(api.requests) <= 10 + 2


QUOTA_SPELLINGS: list[dict[str, Any]] = [
    {"code": "rate_limit_exceeded", "limit_type": "daily_quota"},
    {"code": "rate_limit_exceeded", "limit_type": "quota_exceeded"},
    {"code": "quota_exceeded", "limit_type": None},
    {"code": "daily_quota", "limit_type": None},
]


class TestQuota:
    @pytest.mark.parametrize("spelling", QUOTA_SPELLINGS, ids=lambda spelling: "/".join(map(str, spelling.values())))
    def test_stops_asking_in_every_spelling(self, spelling: dict[str, Any]) -> None:
        spent = faults.quota(**spelling, reset_at="2026-11-24T00:00:00Z")
        with SampleApi(RECORDS, everywhere=[faults.after(12, spent)], latency_ms=5) as api:
            answers, client = fetched(api, concurrency=4)
        assert outcomes(answers) == {"loaded": 12, "deferred": 18}
        assert sum(answer.fetch.attempts for answer in answers.values()) == client.requests_sent == len(api.requests) <= 12 + 4
        assert client.stop is not None
        assert client.stop.kind == "quota"
        assert "Daily quota spent." in client.stop.message
        assert client.stop.message.endswith("resets at: 2026-11-24T00:00:00Z")

    @pytest.mark.parametrize("limit_type", ["burst", "rate_limit_exceeded"])
    def test_is_not_a_burst_in_any_spelling(self, limit_type: str) -> None:
        answer, _, client = only(faults.first(1, faults.burst(retry_after=0, limit_type=limit_type)))
        assert (answer.fetch.outcome, client.stop) == ("loaded", None)

    def test_nothing_leaves_once_it_is_known(self) -> None:
        """Not even those who waited to try something else again."""
        with SampleApi(RECORDS, faults={ONE: faults.error(500)}, everywhere=[faults.after(5, faults.quota())]) as api:
            answers, _ = fetched(api, concurrency=2, backoff_seconds=0.2)
        first = next(request.at for request in api.requests if request.status == 429)
        assert sum(request.at > first for request in api.requests) <= 1
        assert answers[ONE].fetch.outcome == "deferred"
        assert outcomes(answers) == {"loaded": 5, "deferred": 25}

    def test_without_envelope_is_known_by_a_pause_of_hours(self) -> None:
        answer, api, client = only(faults.bare(429, retry_after=7200))
        assert (answer.fetch.outcome, len(api.requests)) == ("deferred", 1)
        assert client.stop is not None
        assert "HTTP 429: Too Many Requests; until: 20" in client.stop.message

    def test_a_reset_nobody_knows(self) -> None:
        answer, _, client = only(lambda *_: exchange.error(429, "quota_exceeded", "Spent."))
        assert answer.fetch.outcome == "deferred"
        assert client.stop is not None
        assert client.stop.message.endswith("resets at: unknown")


class TestBudget:
    def test_is_spent_to_the_last_request_and_no_further(self, api: SampleApi) -> None:
        answers, client = fetched(api, max_requests=11)
        assert outcomes(answers) == {"loaded": 11, "deferred": 19}
        assert len(api.requests) == client.requests_sent == 11
        assert {answers[model_id].fetch.outcome for model_id in IDS[:11]} == {"loaded"}, "in the order asked for"
        assert client.stop is not None
        assert client.stop.message == "the budget of 11 requests is spent"

    def test_counts_retries(self) -> None:
        with SampleApi(RECORDS, everywhere=[faults.every(2, faults.error(500))]) as api:
            answers, _ = fetched(api, max_requests=10, concurrency=1)
        assert len(api.requests) == 10
        assert outcomes(answers) == {"loaded": 5, "deferred": 25}

    def test_counts_pages_of_the_list(self, api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listing, "_PAGE_SIZE", 10)
        with client_of(api, max_requests=8) as client:
            assert outcomes({answer.fetch.model_id: answer for answer in client.fetch(client.list_ids())})["loaded"] == 5
        assert len(api.requests) == 8

    def test_that_ends_within_the_list_is_said(self, api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listing, "_PAGE_SIZE", 10)
        with client_of(api, max_requests=2) as client, pytest.raises(QuotaSpent, match="the budget of 2 requests is spent"):
            client.list_ids()
        assert len(api.requests) == 2

    def test_nobody_waits_for_the_pace_to_hear_that_it_is_spent(self, api: SampleApi) -> None:
        began = time.monotonic()
        answers, _ = fetched(api, max_requests=5, pace=Pace(5))
        assert time.monotonic() - began < 5
        assert outcomes(answers) == {"loaded": 5, "deferred": 25}

    def test_those_who_wait_for_the_pace_have_their_request_already(self, api: SampleApi) -> None:
        answers, _ = fetched(api, max_requests=12, pace=Pace(4, window_seconds=0.2))
        assert outcomes(answers)["loaded"] == 12

    def test_the_account_costs_nothing_and_is_shown_all_the_same(self) -> None:
        with SampleApi(RECORDS, daily_quota=250) as api, client_of(api, max_requests=2) as client:
            assert outcomes({answer.fetch.model_id: answer for answer in client.fetch(IDS)})["loaded"] == 2
            client.ask_account()
            account = client.account()
        assert account is not None
        assert account["quota"]["remaining"] == 248
        assert len(api.requests) == client.requests_sent == 3


class TestCache:
    def test_nothing_is_paid_twice(self, api: SampleApi, cache: ResponseCache) -> None:
        first, _ = fetched(api, IDS[:20], cache=cache)
        second, client = fetched(api, cache=cache)
        assert outcomes(second) == {"loaded": 30}
        assert asked(api) == dict.fromkeys(IDS, 1)
        assert client.requests_sent == 10
        assert second[ONE].fetch.attempts == 0
        assert second[ONE].row == first[ONE].row, "with the time it really arrived"

    def test_each_response_is_kept_the_moment_it_arrives(self, api: SampleApi, cache: ResponseCache) -> None:
        with client_of(api, cache=cache, concurrency=1) as client:
            next(client.fetch([ONE, TWO]))
        assert cache.get(f"{api.base_url}/models/{ONE}")

    def test_a_list_is_kept_too(self, api: SampleApi, cache: ResponseCache) -> None:
        for _ in range(2):
            with client_of(api, cache=cache) as client:
                assert client.list_ids() == IDS
        assert len(api.requests) == 1

    @pytest.mark.parametrize(
        "fault",
        [faults.error(500), faults.html(), faults.empty(), faults.cut_json(), faults.missing("scores", "sources")],
    )
    def test_what_is_no_record_is_not_kept(self, fault: Fault, cache: ResponseCache) -> None:
        _, api, _ = only(fault, cache=cache)
        assert cache.get(f"{api.base_url}/models/{ONE}") is None

    def test_that_there_is_no_such_model_is_kept_for_it_was_paid(self, cache: ResponseCache) -> None:
        with SampleApi(RECORDS, faults={ONE: faults.error(404, "not_found", "Gone.")}) as api:
            first, second = (fetched(api, [ONE, TWO], cache=cache)[0][ONE].fetch for _ in range(2))
        assert asked(api) == {ONE: 1, TWO: 1}
        assert (second.outcome, second.http_status, second.error_code, second.attempts) == ("not_found", 404, "not_found", 0)
        assert second.message == first.message
        assert "Gone." in str(second.message)

    def test_a_record_that_was_refused_is_kept_for_it_was_paid(self, cache: ResponseCache) -> None:
        answer, api, _ = only(faults.changed(providers="none"), cache=cache)
        assert answer.fetch.outcome == "rejected"
        assert cache.get(f"{api.base_url}/models/{ONE}")

    def test_nothing_older_than_what_is_published_is_used(self, api: SampleApi, cache: ResponseCache) -> None:
        fetched(api, [ONE, TWO], cache=cache)
        kept = cache.get(f"{api.base_url}/models/{ONE}")
        assert kept is not None
        published = {ONE: kept.arrived_at + dt.timedelta(seconds=1), TWO: kept.arrived_at - dt.timedelta(days=1)}
        with client_of(api, cache=cache) as client:
            answers = {answer.fetch.model_id: answer for answer in client.fetch([ONE, TWO], published)}
        assert asked(api) == {ONE: 2, TWO: 1}
        assert answers[ONE].fetch.outcome == "loaded"

    def test_what_was_published_a_moment_ago_and_not_yet_cleared_is(self, api: SampleApi, cache: ResponseCache) -> None:
        """A run killed between publishing and clearing is a killed run: started again, it pays for nothing."""
        answers, _ = fetched(api, [ONE], cache=cache)
        row = answers[ONE].row
        assert row is not None
        with client_of(api, cache=cache) as client:
            list(client.fetch([ONE], {ONE: row["fetched_at"].replace(tzinfo=dt.UTC)}))
        assert asked(api) == {ONE: 1}

    def test_what_is_kept_comes_even_after_everything_stopped(self, api: SampleApi, cache: ResponseCache) -> None:
        fetched(api, [TWO], cache=cache)
        answers, _ = fetched(api, cache=cache, max_requests=1, concurrency=1)
        assert [answers[model_id].fetch.outcome for model_id in IDS[:3]] == ["loaded", "loaded", "deferred"]

    def test_every_request_that_leaves_is_noted(self, cache: ResponseCache) -> None:
        """Pages, retries, and what brought nothing."""
        with SampleApi(RECORDS, everywhere=[faults.every(3, faults.dropped())]) as api, client_of(api, cache=cache) as client:
            list(client.fetch(client.list_ids()))
            client.ask_account()
            client.account()
        assert len(cache.request_ages(60)) == client.requests_sent == len(api.requests)

    def test_a_request_that_cannot_be_noted_does_not_leave(
        self, api: SampleApi, cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full() -> None:
            raise OSError("responses.sqlite: database or disk is full")

        monkeypatch.setattr(cache, "note_request", full)
        answers, client = fetched(api, cache=cache)
        assert (api.requests, client.requests_sent, outcomes(answers)) == ([], 0, {"deferred": 30})

    def test_what_the_disk_does_not_take_is_not_asked_for(
        self, api: SampleApi, cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError("responses.sqlite: database or disk is full")

        monkeypatch.setattr(cache, "put", full)
        answers, client = fetched(api, cache=cache, concurrency=2)
        assert len(api.requests) <= 3
        assert outcomes(answers) == {"loaded": len(api.requests), "deferred": 30 - len(api.requests)}
        assert client.stop is not None
        assert client.stop.message == "a response could not be kept: responses.sqlite: database or disk is full"

    def test_a_cursor_that_expired_since_starts_the_list_again(
        self, api: SampleApi, cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "_PAGE_SIZE", 20)
        with client_of(api, cache=cache, max_requests=1) as killed, pytest.raises(QuotaSpent):
            killed.list_ids()
        api.publish(RECORDS[:10])  # offset 20 is beyond the end: 410
        with client_of(api, cache=cache) as client:
            assert client.list_ids() == IDS[:10]


MESSAGES: dict[str, tuple[Fault, str, str]] = {
    "envelope": (
        faults.error(404, "not_found", "No such model.", help_url="https://help.invalid/1"),
        "not_found",
        "HTTP 404 not_found: No such model. (https://help.invalid/1)",
    ),
    "422": (
        lambda *_: exchange.as_json({"detail": [{"loc": ["path", "model_id"], "msg": "too long", "type": "x"}]}, 422),
        "failed",
        "HTTP 422 invalid_request: ['path', 'model_id']: too long",
    ),
    "503": (
        faults.error(503),
        "failed",
        "HTTP 503 quota_service_unavailable: The sample was told to fail. (https://sample.invalid/errors/",
    ),
    "unknown code": (faults.error(500, "gremlins", "Oops."), "failed", "HTTP 500 gremlins: Oops."),
    "no envelope": (faults.bare(418), "failed", "HTTP 418: "),
    "odd envelope": (lambda *_: exchange.as_json({"error": {"code": 7, "message": None}}, 400), "failed", "HTTP 400 7: Bad Request"),
    "error as text": (lambda *_: exchange.as_json({"error": "Not so."}, 400), "failed", "HTTP 400: Not so."),
    "detail as text": (lambda *_: exchange.as_json({"detail": "Not so."}, 400), "failed", "HTTP 400: Not so."),
    "message alone": (lambda *_: exchange.as_json({"message": "Not so."}, 400), "failed", "HTTP 400: Not so."),
    "error with 200 and help": (
        lambda *_: exchange.as_json({"error": {"code": "x", "message": "No.", "help_url": "https://help.invalid/2"}}),
        "failed",
        "an error with status 200: x: No. (https://help.invalid/2)",
    ),
    "byte order mark": (lambda *_: exchange.Answer(200, b"\xef\xbb\xbf{}"), "failed", "the answer is truncated or broken JSON"),
    "error with 200": (
        lambda *_: exchange.as_json({"error": {"code": "x", "message": "Not today."}}),
        "failed",
        "an error with status 200: x: Not today.",
    ),
    "html": (faults.html(), "failed", "the answer is HTML, not a model record"),
    "empty": (faults.empty(), "failed", "the answer is nothing, not a model record"),
    "cut json": (faults.cut_json(), "failed", "the answer is truncated or broken JSON, not a model record"),
    "deep json": (lambda *_: exchange.Answer(200, b"[" * 100_000), "failed", "the answer is truncated or broken JSON"),
    "deep error": (lambda *_: exchange.Answer(400, b"[" * 100_000), "failed", "HTTP 400: Bad Request"),
    "not utf-8": (lambda *_: exchange.Answer(200, b'{"id": "\xff"}'), "failed", "the answer is truncated or broken JSON"),
    "a list": (lambda *_: exchange.as_json([]), "rejected", "record: Input should be an object"),
    "cut off": (faults.cut_off(), "failed", "no answer from http://127.0.0.1:"),
    "dropped": (faults.dropped(), "failed", "no answer from http://127.0.0.1:"),
    "oversized": (faults.oversized(), "failed", "the body is over 10 MB"),
    "oversized error": (lambda *_: exchange.Answer(400, b"x" * (11 << 20)), "failed", "the body is over 10 MB"),
    "bad gzip": (
        lambda *_: exchange.Answer(200, b"no gzip", {"Content-Encoding": "gzip"}),
        "failed",
        "unreadable answer from http://127",
    ),
    "redirect": (
        faults.redirect("https://elsewhere.invalid/x"),
        "failed",
        "HTTP 302: redirected to https://elsewhere.invalid/x; wrong base URL?",
    ),
    "another's record": (faults.changed(id="another"), "rejected", f"id: asked for '{ONE}', answered 'another'"),
    "wrong shape": (faults.changed(providers="none"), "rejected", "providers: Input should be a valid "),
    "field missing": (faults.missing("scores"), "rejected", "scores: Field required"),
    "look-alike": (faults.missing("scores", "sources"), "rejected", "answers records without scores; wrong base URL?"),
}


HOSTILE: dict[str, tuple[Fault, str]] = {
    "a Location that is no address": (faults.redirect("http://[::1"), "HTTP 302: redirected to http://[::1; wrong base URL?"),
    "a Location in another alphabet": (faults.redirect("http://xn--\xe9\xff.invalid:99999/"), "HTTP 302: redirected to http://xn--"),
    "a redirect with a bomb": (
        lambda *_: exchange.Answer(302, gzip.compress(b"x" * (100 << 20), 1), {"Content-Encoding": "gzip", "Location": "/x"}),
        "the body is over 10 MB",
    ),
    "packed in another way": (
        lambda *_: exchange.Answer(200, b"x", {"Content-Encoding": "br"}),
        "the body is packed as 'br', which was not asked for",
    ),
}


class TestErrors:
    @pytest.mark.parametrize(("fault", "message"), HOSTILE.values(), ids=HOSTILE)
    def test_nothing_that_comes_ends_the_run(self, fault: Fault, message: str) -> None:
        with SampleApi(RECORDS, faults={ONE: fault}) as api:
            answers, _ = fetched(api)
        assert outcomes(answers) == {"failed": 1, "loaded": 29}
        assert message in (answers[ONE].fetch.message or "")

    def test_a_redirect_that_drips_is_left_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("llm_stats.response.BODY_TIMEOUT_SECONDS", 0.2)
        began = time.monotonic()
        moved = exchange.Answer(302, b"x" * 500, {"Location": "/x"})
        answer, _, _ = only(faults.chain(lambda *_: moved, faults.drip(0.02)), tries=1)
        assert answer.fetch.message == "the body took over 0.2 s"
        assert time.monotonic() - began < 3

    def test_gzip_that_unpacks_to_nothing_is_left_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("llm_stats.response.BODY_TIMEOUT_SECONDS", 0.2)
        nothing = exchange.Answer(200, gzip.compress(b"") * 30, {"Content-Encoding": "gzip"})
        began = time.monotonic()
        answer, _, _ = only(faults.chain(lambda *_: nothing, faults.drip(0.01)), tries=1)
        assert answer.fetch.message == "the body took over 0.2 s"
        assert time.monotonic() - began < 3

    def test_gzip_in_several_pieces_is_read(self) -> None:
        def in_two(_: exchange.Request, answer: exchange.Answer) -> exchange.Answer:
            pieces = gzip.compress(answer.body[:100]) + gzip.compress(answer.body[100:])
            return exchange.Answer(200, pieces, {"Content-Encoding": "gzip"})

        assert only(in_two)[0].fetch.outcome == "loaded"

    def test_certificates_that_are_not_there_are_said_before_anything_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
        with pytest.raises(UsageError, match=r"REQUESTS_CA_BUNDLE.*/nonexistent/ca\.pem"):
            Client("https://api.invalid/stats/v1", SAMPLE_KEY)

    @pytest.mark.parametrize(("fault", "outcome", "message"), MESSAGES.values(), ids=MESSAGES)
    def test_are_understood(self, fault: Fault, outcome: str, message: str) -> None:
        answer, _, _ = only(fault, tries=1)
        assert answer.fetch.outcome == outcome
        assert message in (answer.fetch.message or "")

    def test_one_bad_answer_is_no_reason_to_stop(self) -> None:
        """Each kind, with a good record before it and after it."""
        bad = {model_id: fault for model_id, (fault, _, _) in zip(IDS[1::2], MESSAGES.values(), strict=False)}
        with SampleApi(RECORDS, faults=bad) as api:
            answers, client = fetched(api, tries=1, concurrency=1)
        assert outcomes(answers)["loaded"] == 30 - len(bad)
        assert client.stop is None

    def test_a_bomb_is_not_unpacked(self) -> None:
        bomb = exchange.Answer(200, gzip.compress(b"x" * (100 << 20), 1), {"Content-Encoding": "gzip"})
        tracemalloc.start()
        try:
            answer, _, _ = only(lambda *_: bomb)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert answer.fetch.message == "the body is over 10 MB"
        assert peak < 6 * MAX_BODY_BYTES

    def test_gzip_is_read(self) -> None:
        answer, api, _ = only(faults.compressed())
        assert answer.fetch.outcome == "loaded"
        assert len(api.requests) == 1

    def test_the_key_does_not_follow_a_redirect(self) -> None:
        with SampleApi(RECORDS) as elsewhere:
            answer, _, _ = only(faults.redirect(f"{elsewhere.base_url}/models/{ONE}"))
            assert (answer.fetch.outcome, elsewhere.requests) == ("failed", [])

    def test_an_unknown_id_does_not_hide_a_wrong_address(self, api: SampleApi) -> None:
        with client_of(api, concurrency=1) as client:
            client.base_url = client.base_url.replace("/stats", "")
            answers = list(client.fetch(["gone", *IDS]))
        assert client.stop is not None
        assert client.stop.kind == "wrong_base_url"
        assert len(api.requests) == 1 + patience.ENOUGH_LOOK_ALIKES
        assert {answer.fetch.outcome for answer in answers} == {"not_found", "rejected", "deferred"}

    @pytest.mark.parametrize("bad", [1, 2])
    def test_a_bad_record_that_comes_first_is_no_wrong_address(self, api: SampleApi, bad: int) -> None:
        api.publish([{"id": model_id} for model_id in IDS[:bad]] + RECORDS[bad:])
        answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"rejected": bad, "loaded": len(IDS) - bad}
        assert client.stop is None

    def test_the_look_alike_catalogue_stops_at_once(self, api: SampleApi) -> None:
        with Client(api.base_url.replace("/stats", ""), SAMPLE_KEY, pace=Pace(0), concurrency=2) as client:
            answers = list(client.fetch(IDS))
        assert len(api.requests) <= patience.ENOUGH_LOOK_ALIKES + 2 - 1
        assert client.stop is not None
        assert client.stop.kind == "wrong_base_url"
        assert len(answers) == 30

    def test_an_address_that_knows_no_model_is_doubted_early(self, api: SampleApi) -> None:
        with client_of(api, concurrency=1) as client:
            client.base_url += "/elsewhere"
            answers = {answer.fetch.model_id: answer for answer in client.fetch(IDS)}
        assert outcomes(answers) == {"not_found": 20, "deferred": 10}
        assert client.stop is not None
        assert (client.stop.kind, client.stop.message) == (
            "wrong_base_url",
            f"{client.base_url} knows none of the first 20 models: wrong ids, or wrong base URL?",
        )

    def test_an_address_that_knows_none_of_a_few_models_is_doubted_in_the_end(self, api: SampleApi) -> None:
        answers, client = fetched(api, ["gone", "lost"])
        assert outcomes(answers) == {"not_found": 2}
        assert client.stop is not None
        assert client.stop.message == f"{api.base_url} knows none of the 2 models: wrong ids, or wrong base URL?"

    def test_a_budget_that_ends_at_wrong_ids_raises_no_doubt(self, api: SampleApi) -> None:
        """They have to be published as failed, or they would come first, and spend the budget, for ever."""
        answers, client = fetched(api, ["gone", "lost", *IDS], max_requests=2, concurrency=1)
        assert outcomes(answers) == {"not_found": 2, "deferred": 30}
        assert client.stop is not None
        assert client.stop.kind == "budget"

    def test_models_that_the_list_names_or_that_are_known_to_fail_raise_no_doubt(self) -> None:
        with SampleApi(RECORDS, faults=dict.fromkeys(IDS, faults.error(404))) as api:
            with client_of(api) as client:
                assert outcomes({answer.fetch.model_id: answer for answer in client.fetch(client.list_ids())}) == {"not_found": 30}
            assert client.stop is None
            with client_of(api) as later:
                assert len(list(later.fetch(IDS, failing=IDS))) == 30
            assert later.stop is None

    def test_a_look_alike_among_records_is_only_refused(self) -> None:
        with SampleApi(RECORDS, faults={IDS[5]: faults.missing("scores", "sources")}) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 29, "rejected": 1}
        assert client.stop is None


class TestApiThatIsDown:
    @pytest.mark.parametrize("fault", [faults.html(), faults.oversized(), faults.bare(418), faults.changed(providers="none")])
    def test_an_api_that_answers_is_not_down(self, fault: Fault) -> None:
        with SampleApi(RECORDS, faults=dict.fromkeys(IDS[:15], fault)) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers)["loaded"] == 15
        assert client.stop is None

    def test_what_was_known_to_fail_and_loads_shows_that_it_is_alive(self) -> None:
        bad = dict.fromkeys([*IDS[:9], *IDS[10:15]], faults.error(500))
        with SampleApi(RECORDS, faults=bad) as api, client_of(api, concurrency=1) as client:
            assert len(list(client.fetch(IDS, failing=[IDS[9]]))) == 30
        assert client.stop is None

    def test_what_is_known_to_fail_is_no_sign_of_it(self) -> None:
        with SampleApi(RECORDS, faults=dict.fromkeys(IDS[:15], faults.error(500))) as api, client_of(api, concurrency=1) as client:
            answers = {answer.fetch.model_id: answer for answer in client.fetch(IDS, failing=IDS[:15])}
        assert outcomes(answers) == {"failed": 15, "loaded": 15}
        assert client.stop is None

    @pytest.mark.parametrize("fault", [faults.error(500), faults.dropped(), faults.bare(429, retry_after=0)], ids=["500", "dropped", "429"])
    def test_is_given_up(self, fault: Fault) -> None:
        with SampleApi(RECORDS, everywhere=[fault]) as api:
            answers, client = fetched(api, concurrency=2)
        most = patience.MAX_FAILED_IN_A_ROW + 1
        assert patience.MAX_FAILED_IN_A_ROW <= outcomes(answers)["failed"] <= most
        assert len(api.requests) <= 3 * most
        assert client.stop is not None
        assert client.stop.kind == "unreachable"
        assert "10 models in a row got no usable answer; the last: " in client.stop.message

    def test_a_few_bad_records_that_come_first_are_no_sign_of_it(self) -> None:
        with SampleApi(RECORDS, faults=dict.fromkeys(IDS[:9], faults.error(500))) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"failed": 9, "loaded": 21}
        assert client.stop is None


NO_LISTS: dict[str, tuple[Fault, type[Exception], str]] = {
    "down": (faults.error(500), NothingFetched, "the list of models could not be read: HTTP 500 internal_error"),
    "key": (faults.error(401), NothingFetched, "the API refused the key: HTTP 401 invalid_api_key"),
    "quota": (faults.quota(), QuotaSpent, "the quota is spent: HTTP 429 quota_exceeded: Daily quota spent.*resets at"),
    "html": (faults.html(), NothingFetched, "did not answer a list of models; wrong base URL"),
    "null": (lambda *_: exchange.as_json(None), NothingFetched, "did not answer a list of models"),
    "no ids": (lambda *_: exchange.as_json({"models": ["a"]}), NothingFetched, "did not answer a list of models"),
    "empty": (lambda *_: exchange.as_json({"models": []}), NothingFetched, "/models lists no models; wrong base URL"),
    "empty, and more": (lambda *_: exchange.as_json({"models": [], "next_cursor": "x"}), NothingFetched, "lists no models"),
    "unknown": (faults.error(404), NothingFetched, "could not be read: HTTP 404 not_found: The sample.*wrong base URL"),
    "error with 200": (
        lambda *_: exchange.as_json({"error": {"code": "x", "message": "Not today.", "help_url": "https://help.invalid"}}),
        NothingFetched,
        r"could not be read: an error with status 200: x: Not today\. \(https://help\.invalid\)",
    ),
    "expired": (faults.error(410), NothingFetched, "the list of models could not be read: HTTP 410"),
}


class TestList:
    def test_is_read_page_by_page(self, api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listing, "_PAGE_SIZE", 7)
        with client_of(api) as client:
            assert client.list_ids() == IDS
        assert len(api.requests) == client.requests_sent == 5

    @pytest.mark.parametrize("grows", [True, False], ids=["the same page", "an empty page"])
    def test_ends_where_nothing_new_comes(self, grows: bool) -> None:
        """Each time with another cursor, so that it would never end."""
        cursors = itertools.count()

        def endless(request: exchange.Request, _: exchange.Answer) -> exchange.Answer:
            is_first = "cursor" not in request.query
            models = [{"id": model_id} for model_id in IDS[:3]] if grows or is_first else []
            return exchange.as_json({"models": models, "next_cursor": str(next(cursors))})

        with SampleApi(RECORDS, faults={LIST: endless}) as api, client_of(api) as client:
            assert client.list_ids() == IDS[:3]
        assert len(api.requests) == 2

    def test_is_tried_again(self) -> None:
        with SampleApi(RECORDS, faults={LIST: faults.first(2, faults.error(500))}) as api, client_of(api) as client:
            assert client.list_ids() == IDS

    @pytest.mark.parametrize(("fault", "error", "message"), NO_LISTS.values(), ids=NO_LISTS)
    def test_without_one_there_is_nothing_to_ask_for(self, fault: Fault, error: type[Exception], message: str) -> None:
        with SampleApi(RECORDS, faults={LIST: fault}) as api, client_of(api) as client, pytest.raises(error, match=message):
            client.list_ids()
        assert len(api.requests) <= 3


class TestAccount:
    def account(self, fault: Fault | None = None, **options: Any) -> tuple[Any, SampleApi]:
        with SampleApi(RECORDS, daily_quota=250, faults={ACCOUNT: fault} if fault else None) as api, client_of(api, **options) as client:
            list(client.fetch([ONE]))
            client.ask_account()
            return client.account(), api

    def test_says_what_is_left(self) -> None:
        account, api = self.account()
        assert account["quota"]["remaining"] == 249
        assert len(api.requests) == 2

    @pytest.mark.parametrize(
        "fault",
        [
            faults.error(404),
            faults.error(401),
            faults.error(500),
            faults.quota(),
            faults.html(),
            faults.empty(),
            faults.dropped(),
            faults.cut_off(),
            faults.redirect("https://elsewhere.invalid"),
            lambda *_: exchange.as_json([1]),
            lambda *_: exchange.Answer(200, b"[" * 100_000),
            lambda *_: exchange.Answer(200, b"x" * (11 << 20)),
        ],
    )
    def test_is_optional(self, fault: Fault) -> None:
        account, api = self.account(fault)
        assert account is None
        assert len(api.requests) == 2, "and not worth a second try"

    def test_is_not_asked_for_once_the_quota_is_spent(self) -> None:
        with SampleApi(RECORDS, daily_quota=3) as api, client_of(api) as client:
            list(client.fetch(IDS))
            client.ask_account()
            assert client.account() is None
        assert ACCOUNT not in {request.route for request in api.requests}

    def test_is_waited_for_so_long_and_no_longer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("llm_stats.client.ACCOUNT_TIMEOUT_SECONDS", 0.3)
        monkeypatch.setattr("llm_stats.client.LEAVE_WITHIN_SECONDS", 0.1)
        began = time.monotonic()
        account, _ = self.account(faults.drip(0.1))
        assert account is None
        assert time.monotonic() - began < 2

    def test_does_not_wait_for_the_pace(self) -> None:
        began = time.monotonic()
        account, api = self.account(pace=Pace(1))
        assert (account, len(api.requests)) == (None, 1)
        assert time.monotonic() - began < 5


def test_a_reader_who_leaves_early_ends_everything() -> None:
    """Those who wait for the pace, too: within the minute that they would have waited."""
    began = time.monotonic()
    with SampleApi(RECORDS, latency_ms=50) as api, client_of(api, concurrency=2, pace=Pace(1)) as client:
        with contextlib.closing(cast("Generator[Answer]", client.fetch(IDS))) as answers:
            next(answers)
        time.sleep(0.1)
    assert len(api.requests) == 1
    assert time.monotonic() - began < 5


def test_a_slow_answer_keeps_nobody_who_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_stats.client.LEAVE_WITHIN_SECONDS", 0.2)
    began = time.monotonic()
    with SampleApi(RECORDS, everywhere=[faults.slow(60)]) as api:
        with client_of(api) as client:
            client.fetch(IDS)
        assert time.monotonic() - began < 3


def test_what_is_about_to_arrive_is_waited_for(cache: ResponseCache) -> None:
    with SampleApi(RECORDS, everywhere=[faults.slow(0.3)]) as api:
        with client_of(api, cache=cache, concurrency=2) as client:
            client.fetch(IDS)
            time.sleep(0.1)
        assert cache.get(f"{api.base_url}/models/{ONE}")


@pytest.mark.parametrize(
    "key", [SAMPLE_KEY, "k" * 700, "a/b+c=" * 5, 'a"\\b' * 5, "k3y!5"], ids=["plain", "long", "special", "escaped", "short"]
)
@pytest.mark.parametrize("where", ["message", "help_url", "code", "limit_type", "reset_at", "straddling"])
def test_a_key_that_the_server_echoes_is_not_repeated(key: str, where: str) -> None:
    echoes: dict[str, Callable[[str], dict[str, str]]] = {
        "straddling": lambda text: {"message": "x" * (500 - len(text) // 2) + text},
    }
    details = echoes[where](key) if where in echoes else {where: f"your key {key} is"}
    error = {"code": "rate_limit_exceeded", "message": "No.", "limit_type": "daily_quota"} | details
    refusal = exchange.as_json({"error": error}, 429 if where == "reset_at" else 400)
    with SampleApi(RECORDS, key=key, everywhere=[lambda *_: refusal]) as api:
        answers, client = fetched(api, api_key=key, concurrency=1)
    said = " ".join(f"{answer.fetch.error_code} {answer.fetch.message}" for answer in answers.values())
    said += f" {client.stop and client.stop.message}"
    assert key[: max(len(key) // 2, 3)] not in said
    assert "***" in said or where in ("limit_type", "straddling")


@pytest.mark.parametrize("escaped", [False, True])
def test_a_key_in_any_spelling_of_json_is_found(escaped: bool, cache: ResponseCache) -> None:
    key = 'sk-live/0123"456789'
    spelled = "".join(
        f"\\u{ord(letter):04X}" if escaped else {"-": "\\u002d", "/": "\\/", '"': '\\"'}.get(letter, letter) for letter in key
    )

    def echo(_: exchange.Request, answer: exchange.Answer) -> exchange.Answer:
        return exchange.Answer(200, answer.body.replace(b'"description": "', b'"description": "for ' + spelled.encode() + b" ", 1))

    with SampleApi(RECORDS, key=key, faults={ONE: echo}) as api:
        answers, _ = fetched(api, [ONE], api_key=key, cache=cache)
        row = answers[ONE].row
    assert row is not None
    assert row["description"].startswith("for *** ")
    kept = cache.get(f"{api.base_url}/models/{ONE}")
    assert kept is not None
    assert spelled.encode() not in kept.content


@pytest.mark.parametrize("at", range(140, 200, 7))
def test_a_key_is_not_cut_in_two_before_it_is_found(at: int) -> None:
    """In the words of urllib3 on a status line that it does not understand."""
    key = "sk-live-0123456789-abcdefghij"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"x" * at + key.encode() + b"\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with Client(f"http://127.0.0.1:{listening.getsockname()[1]}", key, pace=Pace(0), tries=1) as client:
            (failed,) = client.fetch([ONE])
    assert "x" * 100 in str(failed.fetch.message)
    assert key[:8] not in str(failed.fetch.message)


def test_without_a_key_messages_are_what_they_are() -> None:
    with SampleApi(RECORDS) as api:
        _, client = fetched(api, [ONE], api_key="")
    assert client.stop is not None
    assert "HTTP 401 authentication_required: Send your key as" in client.stop.message


def test_a_record_that_holds_the_key_is_kept_without_it(cache: ResponseCache) -> None:
    answer, api, _ = only(faults.changed(description=f"for {SAMPLE_KEY}"), cache=cache)
    assert answer.row is not None
    assert answer.row["description"] == "for ***"
    kept = cache.get(f"{api.base_url}/models/{ONE}")
    assert kept is not None
    assert SAMPLE_KEY.encode() not in kept.content
