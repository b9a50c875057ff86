"""Client: fetches each model once, caches each response, and loses no response at the end."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Generator
from typing import cast

import pytest
from fake_api import faults, when
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.client import Client
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.http import Request, Response
from llm_stats.schema.fetch import FetchResult
from support.client_helpers import (
    IDS,
    ONE,
    RECORDS,
    TWO,
    client_of,
    fetched,
    only,
    outcomes,
    request_counts,
)


def test_every_model_is_fetched_once(api: SampleApi) -> None:
    answers, client = fetched(api)
    assert outcomes(answers) == {"loaded": 30}
    assert request_counts(api) == dict.fromkeys(IDS, 1)
    assert client.requests_sent == 30
    assert client.stop_reason is None
    fetch = answers[ONE].fetch
    assert fetch.http_status == 200
    assert fetch.error_code is None
    assert fetch.message is None
    assert fetch.attempts == 1
    assert 0 <= fetch.elapsed_ms < 60_000
    row = answers[ONE].row
    assert row is not None
    assert len(row["content_hash"]) == 32


def test_defaults_and_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with Client("http://h/stats_//", SAMPLE_KEY) as client:
        assert client.base_url == "http://h/stats_"
        assert client._admission.rate_limiter.requests == 50
        assert client._threads._size == 8
        assert client._model_request("a/b?c").url == "http://h/stats_/models/a%2Fb%3Fc"
        assert client._now().tzinfo is dt.UTC
        stopped: list[float] = []
        monkeypatch.setattr(client._threads, "shutdown", stopped.append)
    assert stopped == [3]
    assert client._admission.stopped.is_set()


def test_time_and_message_of_a_result(api: SampleApi) -> None:
    """The API quotes the key in an error message."""
    at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    with FakeApi(RECORDS, faults={ONE: faults.error(418, message=f"not {SAMPLE_KEY}")}) as echoing:
        answers, _ = fetched(echoing, [ONE, TWO], clock=lambda: at)
    naive = at.replace(tzinfo=None)
    assert [answers[name].fetch.requested_at for name in (ONE, TWO)] == [naive, naive]
    assert "not ***" in str(answers[ONE].fetch.message)
    assert SAMPLE_KEY not in str(answers[ONE].fetch.message)
    assert answers[ONE].fetch.http_status == 418
    assert answers[ONE].row is None


def test_requests_in_flight_are_limited_by_concurrency() -> None:
    counts: list[int] = []
    in_flight = [0]
    lock = threading.Lock()

    class Counting(SampleApi):
        def respond(self, request: Request) -> Response:
            with lock:
                in_flight[0] += 1
                counts.append(in_flight[0])
            try:
                return super().respond(request)
            finally:
                with lock:
                    in_flight[0] -= 1

    with Counting(RECORDS, latency_ms=20) as api:
        fetched(api, concurrency=4)
    assert max(counts) == 4


class TestCache:
    def test_no_request_is_sent_twice(self, api: SampleApi, cache: ResponseCache) -> None:
        first, _ = fetched(api, IDS[:20], cache=cache)
        second, client = fetched(api, cache=cache)
        assert outcomes(second) == {"loaded": 30}
        assert request_counts(api) == dict.fromkeys(IDS, 1)
        assert client.requests_sent == 10
        assert second[ONE].fetch.attempts == 0
        assert second[ONE].row == first[ONE].row, "with its own arrival time"

    def test_each_response_is_stored_on_arrival(self, api: SampleApi, cache: ResponseCache) -> None:
        with client_of(api, cache=cache, concurrency=1) as client:
            next(client.fetch_models([ONE, TWO]))
        assert cache.get(f"{api.base_url}/models/{ONE}")

    @pytest.mark.parametrize(
        "fault",
        [
            faults.error(500),
            faults.html(),
            faults.empty(),
            faults.cut_json(),
            faults.missing("scores", "sources"),
        ],
    )
    def test_body_that_is_not_a_record_is_not_stored(
        self, fault: Fault, cache: ResponseCache
    ) -> None:
        _, api, _ = only(fault, cache=cache)
        assert cache.get(f"{api.base_url}/models/{ONE}") is None

    def test_404_is_stored_because_it_counts_against_the_quota(self, cache: ResponseCache) -> None:
        with FakeApi(RECORDS, faults={ONE: faults.error(404, "not_found", "Gone.")}) as api:
            first, second = (fetched(api, [ONE, TWO], cache=cache)[0][ONE].fetch for _ in range(2))
        assert request_counts(api) == {ONE: 1, TWO: 1}
        assert second.outcome == "not_found"
        assert second.http_status == 404
        assert second.error_code == "not_found"
        assert second.attempts == 0
        assert second.message == first.message
        assert "Gone." in str(second.message)

    def test_rejected_record_is_stored_because_it_counts_against_the_quota(
        self, cache: ResponseCache
    ) -> None:
        answer, api, _ = only(faults.changed(providers="none"), cache=cache)
        assert answer.fetch.outcome == "rejected"
        assert cache.get(f"{api.base_url}/models/{ONE}")

    def test_response_older_than_the_published_record_is_not_used(
        self, api: SampleApi, cache: ResponseCache
    ) -> None:
        fetched(api, [ONE, TWO], cache=cache)
        cached = cache.get(f"{api.base_url}/models/{ONE}")
        assert cached is not None
        published = {
            ONE: cached.received_at + dt.timedelta(seconds=1),
            TWO: cached.received_at - dt.timedelta(days=1),
        }
        with client_of(api, cache=cache) as client:
            answers = {
                answer.fetch.model_id: answer
                for answer in client.fetch_models([ONE, TWO], published)
            }
        assert request_counts(api) == {ONE: 2, TWO: 1}
        assert answers[ONE].fetch.outcome == "loaded"

    def test_response_as_old_as_the_published_record_is_used(
        self, api: SampleApi, cache: ResponseCache
    ) -> None:
        """A run was killed after publishing, so the cache still contains the responses."""
        answers, _ = fetched(api, [ONE], cache=cache)
        row = answers[ONE].row
        assert row is not None
        with client_of(api, cache=cache) as client:
            list(client.fetch_models([ONE], {ONE: row["fetched_at"].replace(tzinfo=dt.UTC)}))
        assert request_counts(api) == {ONE: 1}

    def test_cached_responses_are_returned_after_fetching_stopped(
        self, api: SampleApi, cache: ResponseCache
    ) -> None:
        fetched(api, [TWO], cache=cache)
        answers, _ = fetched(api, cache=cache, max_requests=1, concurrency=1)
        assert [answers[model_id].fetch.outcome for model_id in IDS[:3]] == [
            "loaded",
            "loaded",
            "deferred",
        ]

    def test_every_sent_request_is_logged(self, cache: ResponseCache) -> None:
        """Catalog pages, retries and requests without a response are logged too."""
        with (
            FakeApi(RECORDS, everywhere=[when.every(3, faults.dropped())]) as api,
            client_of(api, cache=cache) as client,
        ):
            list(client.fetch_models(client.read_catalog().model_ids))
        assert len(cache.request_ages(60)) == client.requests_sent == len(api.requests)

    def test_request_that_cannot_be_logged_is_not_sent(
        self, api: SampleApi, cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full() -> None:
            raise OSError("responses.sqlite: database or disk is full")

        monkeypatch.setattr(cache, "log_request", full)
        answers, client = fetched(api, cache=cache)
        assert api.requests == []
        assert client.requests_sent == 0
        assert outcomes(answers) == {"deferred": 30}

    def test_fetching_stops_if_responses_cannot_be_stored(
        self, api: SampleApi, cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError("responses.sqlite: database or disk is full")

        monkeypatch.setattr(cache, "put", full)
        answers, client = fetched(api, cache=cache, concurrency=2)
        assert len(api.requests) <= 3
        assert outcomes(answers) == {
            "loaded": len(api.requests),
            "deferred": 30 - len(api.requests),
        }
        assert client.stop_reason is not None
        assert (
            client.stop_reason.message
            == "a response could not be cached: responses.sqlite: database or disk is full"
        )


def test_closing_early_ends_all_requests() -> None:
    """The window of the rate limit is an hour, but a waiting thread ends at once."""
    limiter = RateLimiter(1, window_seconds=3600)
    with (
        SampleApi(RECORDS, latency_ms=50) as api,
        client_of(api, concurrency=2, rate_limiter=limiter) as client,
    ):
        with contextlib.closing(
            cast("Generator[FetchResult]", client.fetch_models(IDS))
        ) as answers:
            next(answers)
        time.sleep(0.1)
    assert len(api.requests) == 1


def test_close_does_not_wait_for_a_slow_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """The response takes an hour; waiting for it would exceed the timeout of the test."""
    monkeypatch.setattr("llm_stats.fetch.client.DRAIN_TIMEOUT_SECONDS", 0.2)
    with FakeApi(RECORDS, everywhere=[faults.slow(3600)]) as api, client_of(api) as client:
        client.fetch_models(IDS)


def test_close_waits_for_responses_about_to_arrive(cache: ResponseCache) -> None:
    with FakeApi(RECORDS, everywhere=[faults.slow(0.3)]) as api:
        with client_of(api, cache=cache, concurrency=2) as client:
            client.fetch_models(IDS)
            time.sleep(0.1)
        assert cache.get(f"{api.base_url}/models/{ONE}")
