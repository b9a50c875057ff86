"""Client of an API with quota headers: stops and pauses of a fetch, and idempotency keys."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_api import faults, when
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.request_state import last_quota
from llm_stats.sample import SampleApi
from llm_stats.sample.http import Request, Response
from llm_stats.sample.planned import PlannedFeatures
from support.client_helpers import IDS, ONE, RECORDS, TWO, client_of, fetched, only, outcomes
from support.fake_clock import ClockedRateLimiter


def keys(api: SampleApi) -> list[str]:
    return [request.headers["idempotency-key"] for request in api.requests]


class TestQuota:
    def test_last_unit_is_used_and_no_request_is_rejected(self) -> None:
        with SampleApi(RECORDS, planned=PlannedFeatures(12)) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 12, "deferred": 18}
        assert [request.status for request in api.requests] == [200] * 12
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "quota"
        reset_at = faults.next_midnight()
        assert client.stop_reason.message == (
            f"the quota is spent: 0 of 12 units left until {reset_at} (plan sample)"
        )

    def test_requests_in_flight_never_exceed_the_quota(self) -> None:
        """With eight threads, some of the quota may be left, but no request gets a 429."""
        planned = PlannedFeatures(20)
        with SampleApi(RECORDS, planned=planned, latency_ms=5) as api:
            answers, client = fetched(api, concurrency=8)
        assert {request.status for request in api.requests} == {200}
        assert 20 - 8 < planned.units <= 20
        assert outcomes(answers) == {"loaded": planned.units, "deferred": 30 - planned.units}
        assert client.quota is not None

    def test_quota_that_ends_with_the_last_model_stops_nothing(self) -> None:
        with SampleApi(RECORDS, planned=PlannedFeatures(30)) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 30}
        assert client.stop_reason is None
        assert client.quota is not None
        assert client.quota.remaining == 0

    def test_jump_up_continues(self) -> None:
        """During a fetch, the quota can rise: the plan changes, or the day ends."""
        low = when.first(1, faults.headers(X_Quota_Remaining="1", X_Quota_Limit="250"))
        high = faults.headers(X_Quota_Remaining="5000")
        with FakeApi(RECORDS, faults={ONE: low}, everywhere=[]) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 30}, "later responses have no headers"
        faulty: dict[str, Fault] = dict.fromkeys(IDS[1:], high) | {ONE: low}
        with FakeApi(RECORDS, faults=faulty) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 30}
        assert client.quota is not None
        assert client.quota.remaining == 5000

    @pytest.mark.parametrize("remaining", ["unlimited", "-1", "none", "1e9", ""])
    def test_nonsense_changes_nothing(self, remaining: str) -> None:
        everywhere = [faults.headers(X_Quota_Remaining=remaining, X_Quota_Reset="never")]
        with FakeApi(RECORDS, everywhere=everywhere) as api:
            answers, client = fetched(api)
        assert outcomes(answers) == {"loaded": 30}
        assert client.quota is None

    def test_reset_in_the_past_changes_nothing(self) -> None:
        with FakeApi(
            RECORDS, everywhere=[faults.headers(X_Quota_Remaining="0", X_Quota_Reset="1")]
        ) as api:
            answers, _ = fetched(api)
        assert outcomes(answers) == {"loaded": 30}

    def test_404_with_headers_stops_too(self) -> None:
        spent = faults.chain(faults.error(404), faults.headers(X_Quota_Remaining="0"))
        with FakeApi(RECORDS, faults={ONE: spent}) as api:
            answers, _ = fetched(api, concurrency=1)
        assert outcomes(answers) == {"not_found": 1, "deferred": 29}

    def test_quota_of_a_5xx_is_ignored(self) -> None:
        """An API that cannot read the quota may return a quota of 0."""
        broken = faults.chain(faults.error(503), faults.headers(X_Quota_Remaining="0"))
        with FakeApi(RECORDS, faults={ONE: when.first(1, broken)}) as api:
            answers, _ = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 30}

    def test_request_without_a_response_is_no_longer_in_flight(self) -> None:
        two_left = when.first(1, faults.headers(X_Quota_Remaining="2"))
        dropped_twice = when.first(2, faults.dropped())
        with FakeApi(RECORDS, faults={ONE: two_left, TWO: dropped_twice}) as api:
            answers, _ = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 30}

    @pytest.mark.parametrize(("concurrency", "left"), [(1, 0), (2, 2)])
    def test_two_runs_at_once_share_the_quota(self, concurrency: int, left: int) -> None:
        """With two threads, each run may leave one unit. No model fails."""
        planned = PlannedFeatures(30)
        with SampleApi(RECORDS, planned=planned, latency_ms=5) as api, ThreadPoolExecutor(2) as two:
            results = [two.submit(fetched, api, concurrency=concurrency) for _ in range(2)]
            counts = [outcomes(result.result()[0]) for result in results]
        assert planned.units == sum(count["loaded"] for count in counts)
        assert 30 - left <= planned.units <= 30
        for count in counts:
            assert count["loaded"] + count["deferred"] == 30
            assert count["deferred"] > 0

    def test_is_stored_for_status(self, tmp_path: Path) -> None:
        path = tmp_path / "responses.sqlite"
        now = dt.datetime.now(dt.UTC)
        with (
            SampleApi(RECORDS, planned=PlannedFeatures(40)) as api,
            ResponseCache(path, dt.timedelta(hours=1)) as cache,
        ):
            fetched(api, cache=cache)
        stored = last_quota(path, now)
        assert stored is not None
        assert (stored[0].remaining, stored[0].limit, stored[0].used) == (10, 40, 30)
        assert abs(stored[1] - now) < dt.timedelta(minutes=1)
        assert last_quota(path, now + dt.timedelta(days=1)) is None, "it has been reset"
        assert last_quota(tmp_path / "missing.sqlite", now) is None


class TestAllowance:
    def spent(self, seconds: float) -> Fault:
        """Return a fault: the headers allow no request until `seconds` from now."""
        reset = round(dt.datetime.now(dt.UTC).timestamp() + seconds)
        return faults.headers(X_RateLimit_Remaining="0", X_RateLimit_Reset=str(reset))

    @pytest.mark.parametrize(("reset", "pause"), [(30, 30), (7200, 600)])
    def test_spent_allowance_pauses_all_threads(self, reset: float, pause: float) -> None:
        limiter = ClockedRateLimiter(0)
        with FakeApi(RECORDS, faults={ONE: self.spent(reset)}) as api:
            answers, _ = fetched(api, concurrency=1, rate_limiter=limiter)
        assert outcomes(answers) == {"loaded": 30}
        assert limiter.sent_at[0] == 0
        assert pause - 2 < limiter.sent_at[1] < pause + 2
        assert limiter.clock.now < pause + 2, "only one pause"

    def test_retry_after_wins(self) -> None:
        limiter = ClockedRateLimiter(0)
        fault = when.first(1, faults.chain(faults.burst(retry_after=3), self.spent(300)))
        with FakeApi(RECORDS, faults={ONE: fault}) as api:
            fetched(api, concurrency=1, rate_limiter=limiter)
        assert 3 <= limiter.clock.now < 5


class TestRequestId:
    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            (faults.error(404, "not_found", "Gone."), "HTTP 404 not_found: Gone. "),
            (faults.error(400, "bad", "No."), "HTTP 400 bad: No. "),
            (faults.html(), "the response is HTML, not a model record "),
            (faults.changed(providers="none"), "providers"),
            (faults.redirect("/elsewhere"), "HTTP 302: redirected to /elsewhere"),
        ],
        ids=["404", "400", "HTML", "rejected", "redirect"],
    )
    def test_is_quoted_once_in_the_message(self, fault: Fault, message: str) -> None:
        named = faults.chain(fault, faults.headers(X_Request_ID="req_8d7f"))
        answer, _, _ = only(named)
        assert answer.fetch.message is not None
        assert message in answer.fetch.message
        assert answer.fetch.message.endswith(" (request id req_8d7f)")
        assert answer.fetch.message.count("req_8d7f") == 1

    def test_of_the_error_body_is_quoted(self) -> None:
        answer, _, _ = only(faults.error(400, "bad", "No.", request_id="req_body"))
        assert str(answer.fetch.message).endswith(" (request id req_body)")

    @pytest.mark.parametrize("value", ["x" * 101, "ünï", ""])
    def test_that_is_long_or_not_ascii_is_ignored(self, value: str) -> None:
        named = faults.chain(faults.error(400), faults.headers(X_Request_ID=value))
        answer, _, _ = only(named)
        assert "request id" not in str(answer.fetch.message)

    def test_never_contains_the_key(self) -> None:
        named = faults.chain(faults.error(400), faults.headers(X_Request_ID="sample-key"))
        answer, _, _ = only(named)
        assert "sample-key" not in str(answer.fetch.message)
        assert "(request id ***)" in str(answer.fetch.message)


class TestIdempotencyKey:
    def test_every_request_has_its_own(self, cache: ResponseCache) -> None:
        with SampleApi(RECORDS) as api, client_of(api, cache=cache) as client:
            list(client.fetch_models(client.read_catalog().model_ids))
        assert len(set(keys(api))) == len(api.requests) == 31
        assert all(0 < len(key) <= 128 for key in keys(api))

    def test_lost_response_and_its_retry_have_the_same(self, cache: ResponseCache) -> None:
        """The first response of each model is lost after the API has counted it."""
        planned = PlannedFeatures()
        lost = [when.first(1, faults.dropped())]
        with FakeApi(RECORDS, everywhere=lost, planned=planned) as api:
            answers, _ = fetched(api, cache=cache)
        assert outcomes(answers) == {"loaded": 30}
        assert len(api.requests) == 60
        assert len(set(keys(api))) == planned.units == 30

    def test_request_after_an_unexpected_304_has_another(self) -> None:
        """With the same idempotency key, the API could repeat the 304."""
        answer, api, _ = only(when.first(1, faults.not_modified()))
        assert answer.fetch.outcome == "loaded"
        assert len(set(keys(api))) == 2

    def test_client_without_a_cache_sends_them_too(self) -> None:
        with FakeApi(RECORDS, everywhere=[when.first(1, faults.cut_off())]) as api:
            fetched(api)
        assert len(set(keys(api))) == 30

    def test_two_clients_have_different_keys(self) -> None:
        with SampleApi(RECORDS) as api:
            fetched(api, [ONE])
            fetched(api, [ONE])
        assert len(set(keys(api))) == 2


def test_quota_is_read_in_the_order_of_the_server() -> None:
    """One response was counted by the API first, but arrives last."""
    slow_arrived = threading.Event()

    class Reordering(SampleApi):
        def respond(self, request: Request) -> Response:
            response = super().respond(request)
            if request.model_id == ONE:
                self.pause(0.3)
                slow_arrived.set()
            return response

    with Reordering(RECORDS, planned=PlannedFeatures(250)) as api:
        _, client = fetched(api, concurrency=2)
    assert slow_arrived.is_set()
    assert client.quota is not None
    assert client.quota.remaining == 220
