"""API clients for tests, and thirty records for them to fetch."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.fetch.client import Client
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.schema.fetch import FetchResult
from support.synthetic_catalog import synthetic_catalog

RECORDS = synthetic_catalog(30, providers=1, scores=1)


IDS = [entry["id"] for entry in RECORDS]


ONE, TWO = IDS[:2]


def client_of(api: SampleApi, **options: Any) -> Client:
    """Return a client without a rate limit and with short waits between attempts.

    `options` replaces arguments of `Client`.
    """
    given: dict[str, Any] = {
        "base_url": api.base_url,
        "api_key": SAMPLE_KEY,
        "rate_limiter": RateLimiter(0),
        "backoff_seconds": 0.001,
    }
    return Client(**(given | options))


def fetched(
    api: SampleApi, model_ids: list[str] | None = None, **options: Any
) -> tuple[dict[str, FetchResult], Client]:
    """Fetch models (by default all thirty); return the results by model id, and the client."""
    with client_of(api, **options) as client:
        return {
            answer.fetch.model_id: answer
            for answer in client.fetch_models(IDS if model_ids is None else model_ids)
        }, client


def only(fault: Fault, **options: Any) -> tuple[FetchResult, SampleApi, Client]:
    """Fetch one model from an API with a fault; return the result, the API and the client."""
    with FakeApi(RECORDS, faults={ONE: fault}) as api:
        answers, client = fetched(api, [ONE], **options)
    return answers[ONE], api, client


def outcomes(answers: dict[str, FetchResult]) -> Counter[str]:
    return Counter(answer.fetch.outcome for answer in answers.values())


def request_counts(api: SampleApi) -> Counter[str]:
    """Return the number of requests for each model."""
    return Counter(request.model_id for request in api.requests if request.model_id)
