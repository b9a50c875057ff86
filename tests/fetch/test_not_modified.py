"""Conditional requests of the client: 304, validators that are stored, unexpected 304."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from fake_api import faults, when
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.fetch.cache import ResponseCache
from llm_stats.sample import SampleApi
from llm_stats.sample.planned import PlannedFeatures
from llm_stats.schema.fetch import FetchResult, Validators
from support.client_helpers import IDS, ONE, RECORDS, client_of, fetched, only, outcomes


def refetched(
    api: SampleApi, validators: Mapping[str, Validators], **options: Any
) -> dict[str, FetchResult]:
    """Fetch the models that have validators, in the order of `IDS`; return the results by id."""
    model_ids = [model_id for model_id in IDS if model_id in validators]
    with client_of(api, **options) as client:
        results = client.fetch_models(model_ids, validators=validators)
        return {result.fetch.model_id: result for result in results}


def validators_of(answers: Mapping[str, FetchResult]) -> dict[str, Validators]:
    return {
        model_id: Validators(answer.row["etag"], answer.row["last_modified"])
        for model_id, answer in answers.items()
        if answer.row is not None
    }


def test_unchanged_record_is_not_modified() -> None:
    with SampleApi(RECORDS, planned=PlannedFeatures()) as api:
        answers = refetched(api, validators_of(fetched(api)[0]))
    assert outcomes(answers) == {"not_modified": 30}
    result = answers[ONE]
    assert result.row is None
    assert result.fetch.http_status == 304
    assert result.fetch.message is None
    assert result.fetch.attempts == 1
    assert result.fetch.is_success


def test_304_is_not_cached_and_a_cached_body_is_used_first(cache: ResponseCache) -> None:
    with SampleApi(RECORDS, planned=PlannedFeatures()) as api:
        validators = validators_of(fetched(api)[0])
        assert outcomes(refetched(api, validators, cache=cache)) == {"not_modified": 30}
        assert outcomes(refetched(api, validators, cache=cache)) == {"not_modified": 30}
        fetched(api, [ONE], cache=cache)
        assert outcomes(refetched(api, validators, cache=cache)) == {
            "loaded": 1,
            "not_modified": 29,
        }


def test_304_after_a_lost_response_is_not_modified() -> None:
    with SampleApi(RECORDS, planned=PlannedFeatures()) as api:
        validators = validators_of(fetched(api)[0])
    lost = [when.first(1, faults.dropped())]
    with FakeApi(RECORDS, planned=PlannedFeatures(), everywhere=lost) as api:
        answers = refetched(api, validators)
    assert outcomes(answers) == {"not_modified": 30}
    assert {answer.fetch.attempts for answer in answers.values()} == {2}


class TestStoredValidators:
    @pytest.mark.parametrize(
        "etag",
        ['"1"', 'W/"1"', '""', '"' + "x" * 998 + '"'],
        ids=["strong", "weak", "empty", "long"],
    )
    def test_are_stored_as_they_came(self, etag: str) -> None:
        answer, _, _ = only(faults.headers(ETag=etag, Last_Modified="yesterday"))
        assert answer.row is not None
        assert answer.row["etag"] == etag
        assert answer.row["last_modified"] == "yesterday"

    @pytest.mark.parametrize(
        "etag",
        ["", '"ünï"', '"' + "x" * 999 + '"', '"a\tb"', "*", "bare", '"a", "b"', '"a"b"', 'w/"1"'],
    )
    def test_value_that_is_long_or_no_entity_tag_is_ignored(self, etag: str) -> None:
        answer, _, _ = only(faults.headers(ETag=etag))
        assert answer.row is not None
        assert answer.row["etag"] is None

    def test_etag_is_sent_without_last_modified(self) -> None:
        with SampleApi(RECORDS) as api:
            refetched(api, {ONE: Validators('"1"', "yesterday")})
        (request,) = api.requests
        assert request.headers["if-none-match"] == '"1"'
        assert "if-modified-since" not in request.headers


class TestCircuitBreaker:
    def test_304_shows_that_the_base_url_is_right(self) -> None:
        gone: dict[str, Fault] = dict.fromkeys(IDS[1:], faults.error(404))
        with SampleApi(RECORDS, planned=PlannedFeatures()) as api:
            validators = validators_of(fetched(api)[0])
        with FakeApi(RECORDS, faults=gone, planned=PlannedFeatures()) as api:
            with client_of(api, concurrency=1) as client:
                answers = list(client.fetch_models(IDS, validators=validators))
            assert client.stop_reason is None
        assert answers[0].fetch.outcome == "not_modified"
        assert {answer.fetch.outcome for answer in answers[1:]} == {"not_found"}

    def test_304_shows_that_the_key_is_accepted(self) -> None:
        """The key is accepted, so a 403 (model outside the API plan) fails only one model."""
        with SampleApi(RECORDS, planned=PlannedFeatures()) as api:
            validators = validators_of(fetched(api)[0])
        denied: dict[str, Fault] = {IDS[1]: faults.error(403, "feature_not_in_plan")}
        with FakeApi(RECORDS, faults=denied, planned=PlannedFeatures()) as api:
            answers = refetched(api, validators, concurrency=1)
        assert outcomes(answers) == {"not_modified": 29, "failed": 1}
