"""Planned features of the sample API: conditional requests, quota headers, idempotency keys."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
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


RECORD = Response(200, b'{"updated_at": "2026-12-01T00:00:00Z"}', {"X-Other": "1"})
MODIFIED = "Tue, 01 Dec 2026 00:00:00 GMT"
ETAG = f'"{hashlib.blake2b(RECORD.body, digest_size=8).hexdigest()}"'


def apply(planned: PlannedFeatures, response: Response = RECORD, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return planned.apply(Request(0, "/stats/v1/models/m", "", named), response)


def test_headers_of_a_record() -> None:
    planned = PlannedFeatures(3)
    response = apply(planned)
    assert (response.status, response.body) == (200, RECORD.body)
    headers = dict(response.headers)
    sent_at = parsedate_to_datetime(headers.pop("Date"))
    assert abs(dt.datetime.now(dt.UTC) - sent_at) < dt.timedelta(seconds=5)
    assert response.headers["Date"].endswith(" GMT")
    reset = dt.datetime.fromtimestamp(int(headers.pop("X-Quota-Reset")), dt.UTC)
    assert sent_at < reset <= sent_at + dt.timedelta(days=1, seconds=5)
    assert headers == {
        "X-LLM-Stats-Plan": "sample",
        "X-Request-ID": "req-1",
        "X-Quota-Used": "1",
        "X-Quota-Limit": "3",
        "X-Quota-Remaining": "2",
        "Last-Modified": MODIFIED,
        "ETag": ETAG,
        "X-Other": "1",
    }
    assert apply(planned).headers["X-Request-ID"] == "req-2"


def test_existing_headers_are_not_replaced() -> None:
    existing = {"ETag": "mine", "Last-Modified": "then", "Date": "now", "X-Quota-Limit": "9"}
    response = apply(PlannedFeatures(3), replace(RECORD, headers=existing))
    assert existing.items() <= response.headers.items()


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"if_none_match": ETAG}, 304),
        ({"if_modified_since": MODIFIED}, 304),
        ({"if_none_match": ETAG, "if_modified_since": "other"}, 304),
        ({"if_none_match": "other", "if_modified_since": MODIFIED}, 200),
        ({"if_modified_since": "other"}, 200),
        ({}, 200),
    ],
)
def test_condition_of_a_request(condition: dict[str, Any], status: int) -> None:
    planned = PlannedFeatures()
    response = apply(planned, **condition)
    assert response.status == status
    assert response.body == (RECORD.body if status == 200 else b"")
    assert response.headers["ETag"] == ETAG
    assert planned.units == (1 if status == 200 else 0)


def test_spent_quota() -> None:
    planned = PlannedFeatures(0)
    response = apply(planned)
    assert response.status == 429
    error = json.loads(response.body)["error"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", error.pop("reset_at"))
    assert error == {
        "code": "quota_exceeded",
        "message": "Daily quota spent.",
        "help_url": "https://sample.invalid/errors/quota_exceeded",
        "limit_type": "daily_quota",
    }
    assert planned.units == 0
    assert apply(planned, Response(404)).status == 404


def test_rate_limit_is_that_of_the_last_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    arrivals = iter([100.0, 130.0, 159.9, 160.0])
    monkeypatch.setattr("llm_stats.sample.planned.time.monotonic", lambda: next(arrivals))
    planned = PlannedFeatures(requests_per_minute=4)
    found = []
    for _ in range(4):
        headers = apply(planned).headers
        sent_at = parsedate_to_datetime(headers["Date"]).timestamp()
        seconds = int(headers["X-RateLimit-Reset"]) - sent_at
        found.append((headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"], seconds))
    assert [entry[:2] for entry in found] == [("4", "3"), ("4", "2"), ("4", "1"), ("4", "1")]
    assert [entry[2] for entry in found] == pytest.approx([60, 30, 0, 30], abs=2)


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
