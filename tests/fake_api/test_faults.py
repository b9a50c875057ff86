"""Responses that an ordinary HTTP client gets for every fault, alone and combined."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from fake_api import faults, when
from fake_api.server import FakeApi
from llm_stats.errors import RecordRejected
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.http import Request, Response
from llm_stats.schema.parse import parse_record

MODEL, OTHER = "aurora-large-1", "kestrel-2-pro"


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {SAMPLE_KEY}"
        yield session


def get_model(
    http: requests.Session, api: SampleApi, model_id: str = MODEL, **options: Any
) -> requests.Response:
    return http.get(f"{api.base_url}/models/{model_id}", **{"timeout": 5, **options})


def answer(http: requests.Session, fault: faults.Fault, **options: Any) -> requests.Response:
    """Send one request to a fake API with this fault; return the response."""
    with FakeApi(faults={MODEL: fault}) as api:
        return get_model(http, api, **options)


def error_of(response: requests.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["error"]
    return found


def statuses(
    http: requests.Session, api: SampleApi, count: int, model_id: str = MODEL
) -> list[int]:
    return [get_model(http, api, model_id).status_code for _ in range(count)]


# Error responses


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "authentication_required"),
        (401, "invalid_api_key"),
        (402, "payment_required"),
        (403, "stats_api_access_denied"),
        (403, "stats_api_access_revoked"),
        (403, "entitlement_suspended"),
        (403, "feature_not_in_plan"),
        (410, "cursor_expired"),
        (500, "internal_error"),
        (503, "quota_service_unavailable"),
    ],
)
def test_error_has_the_documented_envelope(http: requests.Session, status: int, code: str) -> None:
    response = answer(http, faults.error(status, code, "Why.", param="model_id", request_id="r-1"))
    assert response.status_code == status
    assert error_of(response) == {
        "code": code,
        "message": "Why.",
        "help_url": f"https://sample.invalid/errors/{code}",
        "param": "model_id",
        "request_id": "r-1",
    }


def test_error_without_code_has_the_usual_code(http: requests.Session) -> None:
    assert error_of(answer(http, faults.error(503)))["code"] == "quota_service_unavailable"


@pytest.mark.parametrize("status", [429, 502, 520])
def test_bare_error_has_no_envelope(http: requests.Session, status: int) -> None:
    response = answer(http, faults.bare(status, retry_after=3))
    assert response.status_code == status
    assert response.text == "upstream says no"
    assert response.headers["Retry-After"] == "3"


def test_burst_sends_seconds(http: requests.Session) -> None:
    response = answer(http, faults.burst(retry_after=2))
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "2"
    assert error_of(response)["code"] == "rate_limit_exceeded"
    assert error_of(response)["limit_type"] == "burst"


def test_burst_sends_a_date(http: requests.Session) -> None:
    response = answer(http, faults.burst(retry_after=60, as_date=True))
    wait = parsedate_to_datetime(response.headers["Retry-After"]) - dt.datetime.now(dt.UTC)
    assert 57 < wait.total_seconds() <= 60


def test_burst_without_retry_after(http: requests.Session) -> None:
    assert "Retry-After" not in answer(http, faults.burst()).headers


@pytest.mark.parametrize(
    ("code", "limit_type"),
    [
        ("quota_exceeded", "daily_quota"),
        ("quota_exceeded", "quota_exceeded"),
        ("quota_exceeded", None),
        ("rate_limit_exceeded", "daily_quota"),
        ("daily_quota", None),
    ],
)
def test_quota_has_every_known_code(
    http: requests.Session, code: str, limit_type: str | None
) -> None:
    response = answer(http, faults.quota(code, limit_type))
    assert response.status_code == 429
    assert error_of(response)["code"] == code
    assert error_of(response).get("limit_type") == limit_type
    resets_in = dt.datetime.fromisoformat(error_of(response)["reset_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta() <= resets_in <= dt.timedelta(days=1)


# Wrong bodies


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.changed(id=OTHER), f"id: requested '{MODEL}', received '{OTHER}'"),
        (faults.changed(providers="none"), r"providers: .* got 'none'"),
        (
            faults.edited(lambda record: record["providers"][0].update(input_price_per_m="free")),
            r"providers\[0\].input_price_per_m",
        ),
        (faults.missing("scores", "inference"), r"inference: Field required \(and 1 more\)"),
    ],
    ids=["another-model", "wrong-type", "price-as-text", "missing-fields"],
)
def test_edited_record_violates_the_contract(
    http: requests.Session, fault: faults.Fault, reason: str
) -> None:
    response = answer(http, fault)
    assert response.status_code == 200
    with pytest.raises(RecordRejected, match=reason):
        parse_record(response.content, MODEL)


def test_edit_does_not_change_errors(http: requests.Session) -> None:
    with FakeApi(faults={"nowhere": faults.changed(id=OTHER)}) as api:
        assert get_model(http, api, "nowhere").status_code == 404


def test_oversized_record_is_valid(http: requests.Session) -> None:
    response = answer(http, faults.oversized())
    assert len(response.content) > 10_000_000
    parse_record(response.content, MODEL)


def test_html_page(http: requests.Session) -> None:
    response = answer(http, faults.html())
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!doctype html>")


def test_byte_order_mark(http: requests.Session) -> None:
    response = answer(http, faults.byte_order_mark())
    assert response.content.startswith(b"\xef\xbb\xbf{")
    parse_record(response.content, MODEL)


def test_empty_body(http: requests.Session) -> None:
    response = answer(http, faults.empty())
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.content == b""


@pytest.mark.parametrize("status", [302, 307])
def test_redirect_to_another_host_does_not_get_the_key(http: requests.Session, status: int) -> None:
    with (
        SampleApi() as other_host,
        FakeApi(
            faults={MODEL: faults.redirect(f"{other_host.base_url}/models/{MODEL}", status)}
        ) as api,
    ):
        direct = get_model(http, api, allow_redirects=False)
        assert direct.status_code == status
        assert direct.headers["Location"] == f"{other_host.base_url}/models/{MODEL}"
        without_session_key = requests.get(
            f"{api.base_url}/models/{MODEL}",
            headers={"Authorization": f"Bearer {SAMPLE_KEY}"},
            timeout=5,
        )
        assert without_session_key.status_code == 401
        assert ["authorization" in request.headers for request in api.requests] == [True, True]
        assert ["authorization" in request.headers for request in other_host.requests] == [False]


# Broken transfers


def test_cut_json_has_a_matching_content_length(http: requests.Session) -> None:
    response = answer(http, faults.cut_json())
    assert len(response.content) == int(response.headers["Content-Length"]) > 1000
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.content)


def test_cut_off_body_ends_before_its_content_length(http: requests.Session) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        answer(http, faults.cut_off())


def test_dropped_connection(http: requests.Session) -> None:
    with FakeApi(faults={MODEL: faults.dropped()}) as api:
        with pytest.raises(requests.ConnectionError, match="RemoteDisconnected"):
            get_model(http, api)
        assert [request.status for request in api.requests] == [0]


def test_slow_response_exceeds_the_read_timeout(
    http: requests.Session, pauses: list[float]
) -> None:
    answer(http, faults.slow(0.1))
    assert pauses == [0, 0.1]
    with pytest.raises(requests.ReadTimeout):
        answer(http, faults.slow(60), timeout=0.1)


def test_dripping_body_does_not_exceed_the_read_timeout(
    http: requests.Session, pauses: list[float]
) -> None:
    response = answer(http, faults.chain(faults.html(), faults.drip(0.01)), timeout=0.2)
    assert response.text.endswith("</title>")
    assert pauses == [0, 0] + [0.01] * len(response.content)
    assert sum(pauses) > 2 * 0.2


def test_closing_the_api_ends_a_dripping_body(http: requests.Session) -> None:
    with requests.Session() as session, FakeApi(faults={MODEL: faults.drip(60)}) as api:
        session.headers.update(http.headers)
        assert get_model(session, api, stream=True).status_code == 200


def test_gzip_only_if_the_client_accepts_it(http: requests.Session) -> None:
    packed = answer(http, faults.compressed())
    plain = answer(http, faults.compressed(), headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers.get("Content-Encoding") is None
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"])


# Conditions


def test_chained_faults(http: requests.Session) -> None:
    """The compressed body is small, but decompresses to more than 10 MB."""
    response = answer(http, faults.chain(faults.oversized(), faults.compressed()))
    assert int(response.headers["Content-Length"]) < 1_000_000
    assert len(response.content) > 10_000_000


def test_fault_of_one_model_does_not_affect_others(http: requests.Session) -> None:
    with FakeApi(faults={MODEL: faults.error(500)}) as api:
        assert statuses(http, api, 3) == [500, 500, 500]
        assert statuses(http, api, 1, OTHER) == [200]


def test_first_counts_per_model(http: requests.Session) -> None:
    with FakeApi(everywhere=[when.first(2, faults.error(500))]) as api:
        assert statuses(http, api, 3) == [500, 500, 200]
        assert statuses(http, api, 3, OTHER) == [500, 500, 200]


def test_every_counts_all_requests(http: requests.Session) -> None:
    with FakeApi(everywhere=[when.every(3, faults.error(500))]) as api:
        assert statuses(http, api, 7) == [200, 200, 500, 200, 200, 500, 200]


def test_key_is_rejected_after_some_responses(http: requests.Session) -> None:
    with FakeApi(everywhere=[when.after(2, faults.error(401))]) as api:
        assert statuses(http, api, 4) == [200, 200, 401, 401]


def test_after_zero_applies_from_the_start(http: requests.Session) -> None:
    with FakeApi(everywhere=[faults.error(403)]) as api:
        assert statuses(http, api, 2) == [403, 403]


def test_quota_counts_only_successful_responses(http: requests.Session) -> None:
    with FakeApi(everywhere=[when.every(2, faults.error(500))], daily_quota=2) as api:
        assert statuses(http, api, 6) == [200, 500, 200, 429, 429, 429]


def test_rate_limit_sends_the_time_until_a_free_slot() -> None:
    limit = when.at_most(3, seconds=2.5)

    def arrive(at: float) -> Response:
        return limit(Request(at, "/stats/v1/models", "", {}), Response(200))

    assert [arrive(at).status for at in (0, 1, 1, 1, 2)] == [200, 200, 200, 429, 429]
    assert arrive(0.1).headers["Retry-After"] == "3"
    assert arrive(2.4).headers["Retry-After"] == "1"
    assert [arrive(at).status for at in (2.5, 3, 3.5)] == [200, 429, 200]


def test_rate_limit_applies_to_requests(http: requests.Session) -> None:
    with FakeApi(everywhere=[when.at_most(3, seconds=3600)]) as api:
        assert statuses(http, api, 5) == [200, 200, 200, 429, 429]


def test_counts_are_shared_by_all_connections() -> None:
    def one(_: int) -> int:
        return requests.get(
            f"{api.base_url}/models/{MODEL}",
            headers={"Authorization": f"Bearer {SAMPLE_KEY}"},
            timeout=5,
        ).status_code

    with (
        FakeApi(everywhere=[when.every(5, faults.error(500))], daily_quota=40) as api,
        ThreadPoolExecutor(16) as pool,
    ):
        got = list(pool.map(one, range(100)))
    assert got.count(200) == 40
    assert set(got) == {200, 500, 429}
    assert len(got) == 100
    assert len(api.requests) == 100


# Routes and pages


def read_pages(http: requests.Session, api: SampleApi, count: int) -> list[dict[str, Any]]:
    """Return up to `count` pages of six models, following `next_cursor`."""
    pages: list[dict[str, Any]] = []
    while len(pages) < count and (not pages or pages[-1]["next_cursor"]):
        cursor = {"cursor": pages[-1]["next_cursor"]} if pages else {}
        response = http.get(f"{api.base_url}/models", params={"limit": 6, **cursor}, timeout=5)
        pages.append(response.json())
    return pages


@pytest.mark.parametrize("number", [1, 2, 3])
def test_fault_of_one_page(http: requests.Session, number: int) -> None:
    fault = when.page(number, faults.changed(total=0))
    with FakeApi(faults={faults.LIST: fault}) as api:
        for _ in range(2):
            totals = [page["total"] for page in read_pages(http, api, 3)]
            assert totals == [0 if place == number else 14 for place in (1, 2, 3)]


def test_repeated_cursor(http: requests.Session) -> None:
    fault = when.page(2, faults.repeated_cursor())
    with FakeApi(faults={faults.LIST: fault}) as api:
        first, second, third, fourth = read_pages(http, api, 4)
    assert second["next_cursor"] == first["next_cursor"]
    assert second == third == fourth
    assert first["models"] != second["models"]


def test_volatile_field(http: requests.Session) -> None:
    with FakeApi(faults={faults.LIST: faults.volatile_field()}) as api:
        pages = [read_pages(http, api, 3) for _ in range(2)]
    values = [entry["popularity"] for read in pages for page in read for entry in page["models"]]
    assert values == list(range(28))


def test_list_fault_does_not_affect_models(http: requests.Session) -> None:
    with FakeApi(faults={faults.LIST: faults.html()}) as api:
        assert http.get(f"{api.base_url}/models", timeout=5).text.startswith("<!doctype")
        assert statuses(http, api, 1) == [200]


def test_wrong_key_gets_no_fault() -> None:
    with FakeApi(everywhere=[faults.html()]) as api:
        assert (
            requests.get(
                f"{api.base_url}/models/{MODEL}", headers={"Authorization": "Bearer no"}, timeout=5
            ).status_code
            == 401
        )
