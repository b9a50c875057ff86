"""Circuit breaker: stops fetching if the base URL is wrong or the API unreachable.

A few wrong ids do not stop fetching.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from fake_api import faults
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.fetch import circuit_breaker
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.client import Client
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.client_helpers import IDS, ONE, RECORDS, client_of, fetched, outcomes, request_counts
from support.sample_requests import requested_ids


def loaded_in_order(model_ids: list[str]) -> dict[str, dt.datetime]:
    """Return load times in the past, one minute apart, in the order of the ids."""
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    return {
        model_id: start + dt.timedelta(minutes=number) for number, model_id in enumerate(model_ids)
    }


class TestWrongBaseUrl:
    def test_three_wrong_records_after_a_404_stop_fetching(self, api: SampleApi) -> None:
        base_url = api.base_url.replace("/stats", "")
        with client_of(api, base_url=base_url, concurrency=1) as client:
            answers = list(client.fetch_models(["gone", *IDS]))
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "wrong_base_url"
        assert len(api.requests) == 1 + circuit_breaker.WRONG_CATALOG_THRESHOLD
        assert {answer.fetch.outcome for answer in answers} == {"not_found", "rejected", "deferred"}

    @pytest.mark.parametrize("bad", [1, 2])
    def test_one_or_two_wrong_records_at_the_start_do_not_stop_fetching(
        self, api: SampleApi, bad: int
    ) -> None:
        api.publish([{"id": model_id} for model_id in IDS[:bad]] + RECORDS[bad:])
        answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"rejected": bad, "loaded": len(IDS) - bad}
        assert client.stop_reason is None

    def test_three_wrong_records_stop_two_threads(self, api: SampleApi) -> None:
        with Client(
            api.base_url.replace("/stats", ""),
            SAMPLE_KEY,
            rate_limiter=RateLimiter(0),
            concurrency=2,
        ) as client:
            answers = list(client.fetch_models(IDS))
        assert len(api.requests) <= circuit_breaker.WRONG_CATALOG_THRESHOLD + 2 - 1
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "wrong_base_url"
        assert len(answers) == 30

    def test_twenty_404_stop_fetching(self, api: SampleApi) -> None:
        with client_of(api, base_url=f"{api.base_url}/wrong", concurrency=1) as client:
            answers = {answer.fetch.model_id: answer for answer in client.fetch_models(IDS)}
        assert outcomes(answers) == {"not_found": 20, "deferred": 10}
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "wrong_base_url"
        assert client.stop_reason.message == (
            f"{client.base_url} returned 404 for the first 20 models "
            f"({IDS[0]}, {IDS[1]}, {IDS[2]}, …); wrong ids or wrong base URL?"
        )

    def test_404_for_all_of_a_few_models_is_an_error_at_the_end(self, api: SampleApi) -> None:
        answers, client = fetched(api, ["gone", "lost"], concurrency=1)
        assert outcomes(answers) == {"not_found": 2}
        assert client.stop_reason is not None
        assert client.stop_reason.message == (
            f"{api.base_url} returned 404 for the 2 models (gone, lost); "
            "wrong ids or wrong base URL?"
        )

    def test_single_404_names_the_id(self, api: SampleApi) -> None:
        _, client = fetched(api, ["gone"])
        assert client.stop_reason is not None
        assert (
            client.stop_reason.message
            == f"{api.base_url} returned 404 for the model gone; wrong ids or wrong base URL?"
        )

    def test_404_next_to_a_failure_is_not_an_error(self) -> None:
        with FakeApi(RECORDS, faults={ONE: faults.html()}) as api:
            answers, client = fetched(api, ["gone", ONE])
        assert outcomes(answers) == {"not_found": 1, "failed": 1}
        assert client.stop_reason is None

    def test_known_model_that_loads_proves_the_base_url(
        self, api: SampleApi, cache: ResponseCache
    ) -> None:
        """A single request for `ONE` checks the base URL and fetches the record."""
        unknown = [f"unknown-{number}" for number in range(40)]
        known = {ONE: dt.datetime.now(dt.UTC)}
        with client_of(api, cache=cache, concurrency=2) as client:
            results = list(client.fetch_models([*unknown, *IDS[:2]], known))
        assert Counter(result.fetch.outcome for result in results) == {"not_found": 40, "loaded": 2}
        assert client.stop_reason is None
        assert client.is_base_url_confirmed
        assert request_counts(api)[ONE] == 1

    @pytest.mark.parametrize("failing", [[], ["gone"]], ids=["new id", "failing id"])
    def test_known_model_that_is_not_due_proves_the_base_url(
        self, api: SampleApi, failing: list[str]
    ) -> None:
        known = {IDS[3]: dt.datetime.now(dt.UTC)}
        with client_of(api) as client:
            (result,) = client.fetch_models(["gone"], known, failing)
        assert result.fetch.outcome == "not_found"
        assert client.stop_reason is None
        assert client.is_base_url_confirmed
        assert requested_ids(api) == ["gone", IDS[3]]

    def test_known_models_that_do_not_load_prove_nothing(self, api: SampleApi) -> None:
        with client_of(api, base_url=f"{api.base_url}/wrong", concurrency=1) as client:
            assert len(list(client.fetch_models(IDS[:20], loaded_in_order(IDS[20:])))) == 20
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "wrong_base_url"
        requested = circuit_breaker.NOT_FOUND_THRESHOLD + circuit_breaker.MAX_KNOWN_MODELS
        assert len(api.requests) == requested

    @pytest.mark.parametrize("fault", [faults.error(404), faults.error(500)], ids=["404", "500"])
    def test_newest_known_models_may_be_withdrawn(self, fault: Fault, cache: ResponseCache) -> None:
        unknown = [f"unknown-{number}" for number in range(40)]
        good, bad = IDS[:3], IDS[3:5]
        with (
            FakeApi(RECORDS, faults=dict.fromkeys(bad, fault)) as api,
            client_of(api, cache=cache, concurrency=1) as client,
        ):
            known = loaded_in_order([*good, *bad])
            results = list(client.fetch_models([*unknown, *good, *bad], known))
        assert client.stop_reason is None
        assert client.is_base_url_confirmed
        assert [result.fetch.model_id for result in results if result.row] == good
        assert request_counts(api)[good[-1]] == 1

    def test_models_that_returned_404_or_fail_are_not_requested_as_known_models(self) -> None:
        """Of nine models loaded earlier, four return 404 in this run, and four failed last time.

        Only the ninth is requested to confirm the base URL.
        """
        withdrawn, failing, good = IDS[:4], IDS[4:8], IDS[8]
        with (
            FakeApi(RECORDS, faults=dict.fromkeys(IDS[:8], faults.error(404))) as api,
            client_of(api, concurrency=1) as client,
        ):
            known = loaded_in_order([good, *failing, *withdrawn])
            assert len(list(client.fetch_models(withdrawn, known, failing))) == 4
        assert client.stop_reason is None
        assert client.is_base_url_confirmed
        assert requested_ids(api) == [*withdrawn, good]

    def test_known_model_is_not_requested_beyond_the_budget(self, api: SampleApi) -> None:
        """After twenty 404s, a known model would confirm the base URL, but the budget is spent.

        The run stores the 404s, so that the next run begins with other models.
        """
        unknown = [f"unknown-{number}" for number in range(40)]
        known = {ONE: dt.datetime.now(dt.UTC)}
        with client_of(api, max_requests=20, concurrency=1) as client:
            results = list(client.fetch_models([*unknown, ONE], known))
        assert Counter(result.fetch.outcome for result in results) == {
            "not_found": 20,
            "deferred": 21,
        }
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "budget"
        assert not client.is_base_url_confirmed
        assert len(api.requests) == 20

    def test_404_for_all_models_within_the_budget_is_not_an_error(self, api: SampleApi) -> None:
        """An error would discard the 404s, and every run would spend its budget on the same ids."""
        answers, client = fetched(api, ["gone", "lost", *IDS], max_requests=2, concurrency=1)
        assert outcomes(answers) == {"not_found": 2, "deferred": 30}
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "budget"

    def test_404_for_listed_or_failing_models_does_not_count(self) -> None:
        with FakeApi(RECORDS, faults=dict.fromkeys(IDS, faults.error(404))) as api:
            with client_of(api) as client:
                assert outcomes(
                    {
                        answer.fetch.model_id: answer
                        for answer in client.fetch_models(client.read_catalog().model_ids)
                    }
                ) == {"not_found": 30}
            assert client.stop_reason is None
            with client_of(api) as later:
                assert len(list(later.fetch_models(IDS, failing=IDS))) == 30
            assert later.stop_reason is None

    def test_one_wrong_record_among_good_ones_is_only_rejected(self) -> None:
        with FakeApi(RECORDS, faults={IDS[5]: faults.missing("scores", "sources")}) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"loaded": 29, "rejected": 1}
        assert client.stop_reason is None


class TestUnreachable:
    @pytest.mark.parametrize(
        "fault",
        [faults.html(), faults.oversized(), faults.bare(418), faults.changed(providers="none")],
        ids=["html", "oversized", "418", "wrong type"],
    )
    def test_unusable_responses_are_not_unreachable(self, fault: Fault) -> None:
        bad = IDS[: circuit_breaker.MAX_CONSECUTIVE_FAILURES]
        with FakeApi(RECORDS, faults=dict.fromkeys(bad, fault)) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers)["loaded"] == len(IDS) - len(bad)
        assert client.stop_reason is None

    def test_failing_model_that_loads_resets_the_count(self) -> None:
        bad = dict.fromkeys([*IDS[:9], *IDS[10:15]], faults.error(500))
        with FakeApi(RECORDS, faults=bad) as api, client_of(api, concurrency=1) as client:
            assert len(list(client.fetch_models(IDS, failing=[IDS[9]]))) == 30
        assert client.stop_reason is None

    def test_failures_of_failing_models_do_not_count(self) -> None:
        with (
            FakeApi(RECORDS, faults=dict.fromkeys(IDS[:15], faults.error(500))) as api,
            client_of(api, concurrency=1) as client,
        ):
            answers = {
                answer.fetch.model_id: answer
                for answer in client.fetch_models(IDS, failing=IDS[:15])
            }
        assert outcomes(answers) == {"failed": 15, "loaded": 15}
        assert client.stop_reason is None

    def test_failures_spread_over_the_list_do_not_stop_fetching(self) -> None:
        """Ten models fail, but never two in a row. Ten failures in a row would stop the fetch."""
        bad = IDS[::3]
        assert len(bad) == circuit_breaker.MAX_CONSECUTIVE_FAILURES
        with FakeApi(RECORDS, faults=dict.fromkeys(bad, faults.error(500))) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"failed": 10, "loaded": 20}
        assert client.stop_reason is None

    @pytest.mark.parametrize(
        "fault",
        [faults.error(500), faults.dropped(), faults.bare(429, retry_after=0)],
        ids=["500", "dropped", "429"],
    )
    def test_ten_failures_in_a_row_stop_fetching(self, fault: Fault) -> None:
        with FakeApi(RECORDS, everywhere=[fault]) as api:
            answers, client = fetched(api, concurrency=2)
        at_least = circuit_breaker.MAX_CONSECUTIVE_FAILURES
        at_most = at_least + 1
        assert at_least <= outcomes(answers)["failed"] <= at_most
        assert len(api.requests) <= 3 * at_most
        assert client.stop_reason is not None
        assert client.stop_reason.kind == "unreachable"
        assert (
            "no usable response for 10 models in a row; the last error: "
            in client.stop_reason.message
        )

    def test_nine_failures_at_the_start_do_not_stop_fetching(self) -> None:
        with FakeApi(RECORDS, faults=dict.fromkeys(IDS[:9], faults.error(500))) as api:
            answers, client = fetched(api, concurrency=1)
        assert outcomes(answers) == {"failed": 9, "loaded": 21}
        assert client.stop_reason is None
