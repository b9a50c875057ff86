"""Transport with every fault of the fake API: rate limit, retries, and reasons to stop."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from typing import Any

import pytest
from fake_api import faults, when
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.api import transport
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.stop import require_any_answer
from llm_stats.errors import NothingFetched
from llm_stats.sample import SampleApi
from llm_stats.sample.http import Request, Response, error_response
from support.client_helpers import IDS, ONE, RECORDS, client_of, fetched, only, outcomes
from support.fake_clock import ClockedRateLimiter


class TestRateLimit:
    def test_retries_count_and_all_threads_share_the_limit(self) -> None:
        limiter = ClockedRateLimiter(20, window_seconds=0.5)
        with FakeApi(RECORDS, everywhere=[when.every(3, faults.error(500))]) as api:
            answers, client = fetched(api, rate_limiter=limiter)
        times = limiter.sent_at
        assert client.requests_sent == len(api.requests) == len(times) > 35
        assert max(sum(start <= at < start + 0.5 for at in times) for start in times) == 20
        assert outcomes(answers)["loaded"] >= 25

    @pytest.mark.parametrize(
        ("seconds", "as_date"), [(1, False), (2, True)], ids=["seconds", "date"]
    )
    def test_retry_after_pauses_all_threads(self, seconds: int, as_date: bool) -> None:
        """After the 429 arrives, no thread sends a request until the pause ends.

        HTTP dates have whole seconds, so a pause of two seconds can shrink to just over one.
        """
        limiter = ClockedRateLimiter(0)
        fault = when.first(1, faults.burst(retry_after=seconds, as_date=as_date))
        with FakeApi(RECORDS, faults={ONE: fault}, latency_ms=5) as api:
            answers, _ = fetched(api, concurrency=4, rate_limiter=limiter)
        assert outcomes(answers) == {"loaded": 30}
        assert answers[ONE].fetch.attempts == 2
        before_the_pause = limiter.sent_at.count(0.0)
        assert 1 <= before_the_pause < 2 * 4
        assert min(limiter.sent_at[before_the_pause:]) >= 1

    def test_retry_after_date_is_relative_to_the_servers_clock(self) -> None:
        too_many_requests = Response(
            429,
            headers={
                "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
                "Retry-After": "Wed, 21 Oct 2026 07:28:01 GMT",
            },
        )
        limiter = ClockedRateLimiter(0)
        answer, _, _ = only(when.first(1, lambda *_: too_many_requests), rate_limiter=limiter)
        assert answer.fetch.outcome == "loaded"
        assert limiter.sent_at == [0, pytest.approx(1)]

    def test_429_without_retry_after_pauses_for_the_default(self) -> None:
        limiter = ClockedRateLimiter(0)
        answer, _, _ = only(when.first(2, faults.bare(429)), rate_limiter=limiter)
        assert answer.fetch.outcome == "loaded"
        first, second = transport.DEFAULT_RETRY_AFTER_SECONDS
        assert limiter.sent_at == [0, pytest.approx(first), pytest.approx(first + second)]

    @pytest.mark.parametrize("seconds", [1, 1.5])
    def test_503_with_retry_after_pauses(self, seconds: float) -> None:
        limiter = ClockedRateLimiter(0)
        fault = faults.bare(503, retry_after=seconds)
        answer, _, _ = only(when.first(1, fault), rate_limiter=limiter)
        assert answer.fetch.outcome == "loaded"
        assert limiter.sent_at == [0, pytest.approx(seconds)]


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
    "redirect": faults.redirect("https://other.invalid/"),
}


class TestRetry:
    @pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
    def test_transient_fault_is_retried_until_it_succeeds(self, fault: Fault) -> None:
        answer, api, client = only(when.first(2, fault))
        assert answer.fetch.outcome == "loaded"
        assert answer.fetch.attempts == 3
        assert answer.fetch.message is None
        assert len(api.requests) == client.requests_sent == 3

    @pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
    def test_repeated_fault_fails_after_three_attempts(self, fault: Fault) -> None:
        answer, api, _ = only(fault)
        assert answer.fetch.outcome == "failed"
        assert answer.fetch.attempts == 3
        assert len(api.requests) == 3
        assert answer.fetch.message

    def test_read_timeout_is_retried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert transport.READ_TIMEOUT_SECONDS > 30
        monkeypatch.setattr(transport, "READ_TIMEOUT_SECONDS", 0.1)
        answer, api, _ = only(faults.slow(0.4), max_attempts=2)
        assert answer.fetch.outcome == "failed"
        assert answer.fetch.attempts == 2
        assert len(api.requests) == 2
        assert answer.fetch.message == f"no response from {api.base_url}: timed out"

    def test_dripping_body_is_retried_after_the_deadline(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT_SECONDS", 0.2)
        answer, api, _ = only(faults.drip(0.05), max_attempts=2)
        message = f"no response from {api.base_url}: the response took over 0.2 s"
        assert answer.fetch.message == message
        assert answer.fetch.outcome == "failed"
        assert answer.fetch.attempts == 2

    def test_backoff_has_full_jitter(self) -> None:
        """The first wait is at most `backoff_seconds`, the second at most twice as long."""
        gaps = []
        for _ in range(3):
            _, api, _ = only(faults.error(500), backoff_seconds=0.1)
            arrivals = [request.at for request in api.requests]
            gaps += [after - before for before, after in itertools.pairwise(arrivals)]
        assert max(gaps) < 0.5
        assert len({round(gap, 3) for gap in gaps}) > 1

    @pytest.mark.parametrize("fault", NOT_TRANSIENT.values(), ids=NOT_TRANSIENT)
    def test_fault_that_is_not_transient_is_not_retried(self, fault: Fault) -> None:
        answer, api, _ = only(fault)
        assert answer.fetch.outcome != "loaded"
        assert answer.fetch.attempts == 1
        assert len(api.requests) == 1


class TestRejectedKey:
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
    def test_rejected_key_stops_all_threads(self, status: int, code: str) -> None:
        with FakeApi(RECORDS, everywhere=[faults.error(status, code, "No.")], latency_ms=20) as api:
            answers, client = fetched(api, concurrency=4)
        assert len(api.requests) <= 4
        assert outcomes(answers) == {
            "failed": len(api.requests),
            "deferred": 30 - len(api.requests),
        }
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "unauthorized"
        assert client.stop_reason.message == (
            f"the API rejected the key: HTTP {status} {code}: No. "
            f"(https://sample.invalid/errors/{code})"
        )

    def test_feature_not_in_plan_fails_one_model_if_the_key_was_accepted(self) -> None:
        """A loaded record, from this or an earlier run, proves that the key is valid."""
        bad = faults.error(403, "feature_not_in_plan", "Not in your plan.")
        with FakeApi(RECORDS, faults={IDS[1]: bad}) as api:
            answers, client = fetched(api, concurrency=1)
            assert outcomes(answers) == {"failed": 1, "loaded": 29}
            assert client.stop_reason is None
            with client_of(api, concurrency=1) as later:
                answers = {
                    answer.fetch.model_id: answer
                    for answer in later.fetch_models(IDS[1:], {ONE: dt.datetime.now(dt.UTC)})
                }
            assert outcomes(answers) == {"failed": 1, "loaded": 28}
            assert later.stop_reason is None
            answers, first = fetched(api, IDS[1:], concurrency=1)
        assert outcomes(answers) == {"failed": 1, "deferred": 28}
        assert first.stop_reason is not None
        assert first.stop_reason.kind == "unauthorized"

    def test_feature_not_in_plan_for_all_models_stops_fetching(self) -> None:
        with (
            FakeApi(RECORDS, everywhere=[faults.error(403, "feature_not_in_plan")]) as api,
            client_of(api, concurrency=1) as client,
        ):
            answers = {
                answer.fetch.model_id: answer
                for answer in client.fetch_models(IDS, {ONE: dt.datetime.now(dt.UTC)})
            }
        assert outcomes(answers) == {"failed": 10, "deferred": 20}

    def test_rejected_key_wakes_threads_that_wait_for_the_rate_limit(self) -> None:
        """The window is an hour; waiting for its end would exceed the timeout of the test."""
        with FakeApi(RECORDS, everywhere=[faults.error(401), faults.slow(0.05)]) as api:
            answers, client = fetched(api, rate_limiter=RateLimiter(1, window_seconds=3600))
        assert outcomes(answers) == {"failed": 1, "deferred": 29}
        assert len(api.requests) == client.requests_sent == 1, "requests that wait are not counted"

    def test_key_rejected_during_fetching_keeps_the_loaded_records(self) -> None:
        with FakeApi(RECORDS, everywhere=[when.after(10, faults.error(403))]) as api:
            answers, _ = fetched(api, concurrency=2)
        assert outcomes(answers)["loaded"] == 10
        assert len(api.requests) <= 10 + 2


QUOTA_ERRORS: list[dict[str, Any]] = [
    {"code": "rate_limit_exceeded", "limit_type": "daily_quota"},
    {"code": "rate_limit_exceeded", "limit_type": "quota_exceeded"},
    {"code": "quota_exceeded", "limit_type": None},
    {"code": "daily_quota", "limit_type": None},
]


class TestQuota:
    @pytest.mark.parametrize(
        "error", QUOTA_ERRORS, ids=lambda error: "/".join(map(str, error.values()))
    )
    def test_spent_quota_stops_fetching_with_every_error_code(self, error: dict[str, Any]) -> None:
        spent = faults.quota(**error, reset_at="2026-11-24T00:00:00Z")
        with FakeApi(RECORDS, everywhere=[when.after(12, spent)], latency_ms=5) as api:
            answers, client = fetched(api, concurrency=4)
        assert outcomes(answers) == {"loaded": 12, "deferred": 18}
        assert (
            sum(answer.fetch.attempts for answer in answers.values())
            == client.requests_sent
            == len(api.requests)
            <= 12 + 4
        )
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "quota"
        assert "Daily quota spent." in client.stop_reason.message
        assert client.stop_reason.message.endswith("resets at: 2026-11-24T00:00:00Z")

    @pytest.mark.parametrize("limit_type", ["burst", "rate_limit_exceeded"])
    def test_burst_limit_does_not_stop_fetching(self, limit_type: str) -> None:
        answer, _, client = only(when.first(1, faults.burst(retry_after=0, limit_type=limit_type)))
        assert answer.fetch.outcome == "loaded"
        assert client.stop_reason is None

    def test_spent_quota_stops_waiting_retries(self) -> None:
        """If the quota is spent while a retry waits for its backoff, the retry is not sent."""
        with FakeApi(
            RECORDS, faults={ONE: faults.error(500)}, everywhere=[when.after(5, faults.quota())]
        ) as api:
            answers, _ = fetched(api, concurrency=2, backoff_seconds=20)
        first = next(request.at for request in api.requests if request.status == 429)
        assert sum(request.at > first for request in api.requests) <= 1
        assert answers[ONE].fetch.outcome == "deferred"
        assert outcomes(answers) == {"loaded": 5, "deferred": 25}

    def test_long_retry_after_without_an_error_body_is_a_spent_quota(self) -> None:
        answer, api, client = only(faults.bare(429, retry_after=7200))
        assert answer.fetch.outcome == "deferred"
        assert len(api.requests) == 1
        assert client.stop_reason is not None
        assert "HTTP 429: Too Many Requests; until: 20" in client.stop_reason.message

    def test_missing_reset_time_is_reported_as_unknown(self) -> None:
        answer, _, client = only(lambda *_: error_response(429, "quota_exceeded", "Spent."))
        assert answer.fetch.outcome == "deferred"
        assert client.stop_reason is not None
        assert client.stop_reason.message.endswith("resets at: unknown")


class TestBudget:
    def test_budget_is_spent_to_the_last_request(self, api: SampleApi) -> None:
        answers, client = fetched(api, max_requests=11, concurrency=1)
        assert outcomes(answers) == {"loaded": 11, "deferred": 19}
        assert len(api.requests) == client.requests_sent == 11
        assert {answers[model_id].fetch.outcome for model_id in IDS[:11]} == {"loaded"}, (
            "in the requested order"
        )
        assert client.stop_reason is not None
        assert client.stop_reason.message == "the budget of 11 requests is spent"

    def test_budget_counts_retries(self) -> None:
        with FakeApi(RECORDS, everywhere=[when.every(2, faults.error(500))]) as api:
            answers, _ = fetched(api, max_requests=10, concurrency=1)
        assert len(api.requests) == 10
        assert outcomes(answers) == {"loaded": 5, "deferred": 25}

    @pytest.mark.parametrize(("budget", "loaded"), [(3, 0), (8, 5)])
    def test_budget_counts_pages_of_the_catalog(self, budget: int, loaded: int) -> None:
        """The catalog has three pages; the other requests are for models."""
        with (
            SampleApi(RECORDS, page_size=10) as api,
            client_of(api, max_requests=budget) as client,
        ):
            catalog = client.read_catalog()
            results = list(client.fetch_models(catalog.model_ids))
        assert catalog.gap is None
        assert Counter(result.fetch.outcome for result in results) == Counter(
            loaded=loaded, deferred=30 - loaded
        )
        assert len(api.requests) == budget

    def test_spent_budget_does_not_wait_for_the_rate_limit(self, api: SampleApi) -> None:
        limiter = ClockedRateLimiter(5)
        answers, _ = fetched(api, max_requests=5, rate_limiter=limiter)
        assert outcomes(answers) == {"loaded": 5, "deferred": 25}
        assert limiter.clock.now == 0

    def test_key_rejected_after_the_budget_is_spent_is_the_reason_of_the_stop(self) -> None:
        """The budget is one request. The API rejects the key after the other thread stopped."""

        def reject_late(request: Request, response: Response) -> Response:
            while client.stop_reason is None:
                time.sleep(0.001)
            return faults.error(401)(request, response)

        with (
            FakeApi(RECORDS, everywhere=[reject_late]) as api,
            client_of(api, max_requests=1, concurrency=2) as client,
        ):
            results = list(client.fetch_models(IDS[:2]))
        counts = Counter[str](result.fetch.outcome for result in results)
        assert counts == {"failed": 1, "deferred": 1}
        with pytest.raises(NothingFetched, match="the API rejected the key: HTTP 401"):
            require_any_answer(counts, client.stop_reason, None)

    def test_requests_that_wait_for_the_rate_limit_count_once(self, api: SampleApi) -> None:
        answers, _ = fetched(api, max_requests=12, rate_limiter=ClockedRateLimiter(4))
        assert outcomes(answers)["loaded"] == 12
