"""Planned features of the sample API: conditional requests, quota headers, idempotency keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from llm_stats.sample import SAMPLE_KEY, SampleApi, today
from llm_stats.sample.http import Request, Response, json_response
from llm_stats.sample.planned import PlannedFeatures

BEARER = {"Authorization": f"Bearer {SAMPLE_KEY}"}
MODEL = "/models/storm-1-nano"


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def get(
    http: requests.Session, api: SampleApi, path: str = MODEL, **headers: Any
) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.get(f"{api.base_url}{path}", headers=BEARER | named, timeout=5)


@pytest.mark.parametrize(
    ("validator", "condition"),
    [("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")],
)
def test_unchanged_record_is_a_304_that_costs_no_unit(
    http: requests.Session, validator: str, condition: str
) -> None:
    planned = PlannedFeatures(250)
    with SampleApi(planned=planned) as api:
        first = get(http, api)
        second = get(http, api, **{condition: first.headers[validator]})
        assert second.status_code == 304
        assert second.content == b""
        assert second.headers[validator] == first.headers[validator]
        assert planned.units == 1
        changed = today()
        for record in changed:
            record |= {"description": "changed", "updated_at": "2026-12-01T00:00:00Z"}
        api.publish(changed)
        third = get(http, api, **{condition: first.headers[validator]})
        assert third.status_code == 200
        assert planned.units == 2


def test_pages_and_errors_have_no_etag(http: requests.Session) -> None:
    with SampleApi(planned=PlannedFeatures()) as api:
        for path in ("/models", "/models/gpt-0"):
            assert "ETag" not in get(http, api, path).headers


def test_quota_counts_down_to_429(http: requests.Session) -> None:
    before = dt.datetime.now(dt.UTC)
    with SampleApi(planned=PlannedFeatures(2)) as api:
        responses = [get(http, api, path) for path in (MODEL, "/models/gpt-0", "/models", MODEL)]
    assert [response.status_code for response in responses] == [200, 404, 200, 429]
    assert [response.headers["X-Quota-Remaining"] for response in responses] == ["1", "1", "0", "0"]
    error = responses[-1].json()["error"]
    assert error["limit_type"] == "daily_quota"
    midnight = dt.datetime.fromtimestamp(int(responses[-1].headers["X-Quota-Reset"]), dt.UTC)
    assert error["reset_at"] == f"{midnight:%Y-%m-%dT00:00:00Z}"
    assert dt.timedelta(0) < midnight - before <= dt.timedelta(days=1, minutes=1)
    assert len({response.headers["X-Request-ID"] for response in responses}) == 4


def test_quota_without_a_limit_is_unlimited(http: requests.Session) -> None:
    with SampleApi(planned=PlannedFeatures()) as api:
        headers = get(http, api).headers
    assert headers["X-Quota-Limit"] == "unlimited"
    assert "X-Quota-Remaining" not in headers


def test_same_idempotency_key_costs_one_unit(http: requests.Session) -> None:
    planned = PlannedFeatures(2)
    with SampleApi(planned=planned) as api:
        for key in ("a", "a", "b", "b", "a"):
            assert get(http, api, Idempotency_Key=key).status_code == 200
        assert get(http, api, Idempotency_Key="c").status_code == 429
    assert planned.units == 2


def test_allowance_of_a_minute_is_in_the_headers(http: requests.Session) -> None:
    with SampleApi(planned=PlannedFeatures(requests_per_minute=2)) as api:
        remaining = [get(http, api).headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert remaining == ["1", "0", "0"]


def test_without_planned_features_no_header_is_sent(http: requests.Session) -> None:
    with SampleApi() as api:
        headers = get(http, api).headers
    assert not [name for name in headers if name.startswith("X-") or name in ("ETag", "Date")]


@pytest.mark.parametrize(
    ("body", "date"),
    [
        (b'{"updated_at": "2026-12-01T01:00:00+01:00"}', "Tue, 01 Dec 2026 00:00:00 GMT"),
        (b"{}", None),
        (b'{"updated_at": 1}', None),
        (b'{"updated_at": "soon"}', None),
        (b"[]", None),
        (b"{", None),
    ],
)
def test_last_modified_is_the_time_in_the_record(body: bytes, date: str | None) -> None:
    request = Request(0, "/stats/v1/models/m", "", {})
    response = PlannedFeatures(etags=False).apply(request, Response(200, body))
    assert response.headers.get("Last-Modified") == date
    assert "ETag" not in response.headers
    assert response.body == body


def test_body_of_a_response_is_utf_8() -> None:
    response = json_response({"a": "é\ud800"}, 201)
    assert response.body == b'{"a": "\xc3\xa9\\ud800"}'
    assert response.status == 201
    assert response.head == (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    )
    assert Response(304, b"x").head == b"HTTP/1.1 304 Not Modified\r\n\r\n"
    assert Response(299).head.startswith(b"HTTP/1.1 299 Unknown\r\n")


@pytest.mark.parametrize(
    ("path", "model_id"),
    [
        ("/stats/v1/models/a%2Fb", "a/b"),
        ("/stats/v1/models/", None),
        ("/stats/v1/models", None),
        ("/stats/v1/models/a/b", None),
        ("/stats/v1/x/models/a", None),
    ],
)
def test_model_of_a_request(path: str, model_id: str | None) -> None:
    assert Request(0, path, "", {}).model_id == model_id
