"""The sample API behaves as the LLM Stats API is documented."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import requests
from llm_stats.errors import UsageError
from llm_stats.sample import SAMPLE_KEY, SampleApi, summary_of, today, yesterday
from llm_stats.schema.parse import parse_record

BEARER = {"Authorization": f"Bearer {SAMPLE_KEY}"}


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def api() -> Iterator[SampleApi]:
    with SampleApi() as api:
        yield api


def get(http: requests.Session, api: SampleApi, path: str, **options: Any) -> requests.Response:
    return http.get(f"{api.base_url}{path}", **{"headers": BEARER, "timeout": 5, **options})


def test_model_is_returned_as_a_bare_record(api: SampleApi, http: requests.Session) -> None:
    response = get(http, api, "/models/storm-1-nano")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert parse_record(response.content, "storm-1-nano").name == "Størm 1 “nano” ⚡"


def test_unknown_model_is_not_found(api: SampleApi, http: requests.Session) -> None:
    response = get(http, api, "/models/gpt-0")
    assert response.status_code == 404
    assert response.json() == {
        "error": {
            "code": "not_found",
            "message": "There is no model 'gpt-0'.",
            "help_url": "https://sample.invalid/errors/not_found",
        }
    }


@pytest.mark.parametrize("model_id", ["a/b", "a b", "ünï", "100%", "a?b#c", "it's"])
def test_ids_are_percent_decoded(http: requests.Session, model_id: str) -> None:
    with SampleApi([today()[0] | {"id": model_id}]) as api:
        assert get(http, api, f"/models/{quote(model_id, safe='')}").json()["id"] == model_id
        assert api.requests[0].model_id == model_id


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "authentication_required"),
        ({"Authorization": "Basic abc"}, "authentication_required"),
        ({"Authorization": "Bearer no"}, "invalid_api_key"),
    ],
)
@pytest.mark.parametrize("path", ["/models/aurora-large-1", "/models"])
def test_missing_or_wrong_key_is_rejected(
    api: SampleApi, http: requests.Session, path: str, headers: dict[str, str], code: str
) -> None:
    response = get(http, api, path, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == code


def test_any_key_is_accepted_if_none_is_set(http: requests.Session) -> None:
    with SampleApi(key=None) as api:
        assert (
            get(http, api, "/models", headers={"Authorization": "Bearer whatever"}).status_code
            == 200
        )
        assert get(http, api, "/models", headers={}).status_code == 401


def test_list_is_paged_by_cursor(api: SampleApi, http: requests.Session) -> None:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    sizes: list[int] = []
    while True:
        page = get(http, api, "/models", params={"limit": 6, **cursor}).json()
        assert page["total"] == 14
        found += page["models"]
        sizes.append(len(page["models"]))
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sizes == [6, 6, 2]
    assert found == [
        {name: value for name, value in entry.items() if name not in ("scores", "sources")}
        for entry in today()
    ]


def test_exact_last_page_has_no_cursor(api: SampleApi, http: requests.Session) -> None:
    assert get(http, api, "/models", params={"limit": 14}).json()["next_cursor"] is None


def test_page_has_at_most_page_size_summaries(http: requests.Session) -> None:
    with SampleApi(page_size=5) as api:
        assert len(get(http, api, "/models", params={"limit": 200}).json()["models"]) == 5
        assert len(get(http, api, "/models", params={"limit": 4}).json()["models"]) == 4


def test_pages_may_differ_from_the_records(api: SampleApi, http: requests.Session) -> None:
    first, second, *_ = map(summary_of, today())
    entries = [first | {"name": "Other"}, second, second, {"no": "id"}]
    api.publish(today(), entries, total=3)
    page = get(http, api, "/models").json()
    assert page == {"models": entries, "next_cursor": None, "total": 3}
    assert get(http, api, f"/models/{first['id']}").json()["name"] == first["name"]
    api.publish(today())
    assert get(http, api, "/models").json()["total"] == 14


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "²"])
def test_invalid_limit_is_a_422_with_another_body(
    api: SampleApi, http: requests.Session, limit: str
) -> None:
    response = get(http, api, "/models", params={"limit": limit})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "limit"]


@pytest.mark.parametrize("cursor", ["", "x", "é", "b2Zmc2V0Ojk5OTk="])
def test_invalid_cursor_is_an_expired_cursor(
    api: SampleApi, http: requests.Session, cursor: str
) -> None:
    response = get(http, api, "/models", params={"cursor": cursor})
    assert response.status_code == 410
    assert response.json()["error"]["code"] == "cursor_expired"


@pytest.mark.parametrize("providers", ["x", None, 7, ["x", None], [{}], {"provider_id": "p"}])
def test_invalid_record_is_served_unchanged(http: requests.Session, providers: Any) -> None:
    broken = {"id": "m", "providers": providers, "name": "half a character: \ud800"}
    with SampleApi([broken]) as api:
        assert get(http, api, "/models/m").json() == broken
        assert get(http, api, "/models").json()["models"] == [broken]
        assert (
            http.get(api.base_url.replace("/stats", "") + "/models/m", timeout=5).status_code == 200
        )


def test_public_catalog_at_v1_requires_no_key(api: SampleApi, http: requests.Session) -> None:
    wrong = api.base_url.replace("/stats", "")
    model = http.get(f"{wrong}/models/aurora-large-1", timeout=5)
    assert model.status_code == 200
    assert "scores" not in model.json()
    assert "input_price_per_m" not in json.dumps(model.json())
    assert len(http.get(f"{wrong}/models", timeout=5).json()["data"]) == 14
    assert http.get(f"{wrong}/models/gpt-0", timeout=5).status_code == 404


@pytest.mark.parametrize("path", ["/benchmarks", "/models/", "/models/a/b", "/account"])
def test_unknown_route_is_not_found(api: SampleApi, http: requests.Session, path: str) -> None:
    assert get(http, api, path).status_code == 404


def test_requests_are_recorded_in_order(api: SampleApi, http: requests.Session) -> None:
    get(http, api, "/models?limit=1", headers={"User-Agent": "llm-stats/1"})
    get(http, api, "/models/aurora-large-1")
    first, second = api.requests
    assert first.path == "/stats/v1/models"
    assert first.query == "limit=1"
    assert first.model_id is None
    assert "authorization" not in first.headers
    assert first.status == 401
    assert first.headers["user-agent"] == "llm-stats/1"
    assert "authorization" in second.headers
    assert second.status == 200
    assert second.model_id == "aurora-large-1"
    assert first.at < second.at


def test_latency(http: requests.Session, pauses: list[float]) -> None:
    with SampleApi(latency_ms=50) as api:
        get(http, api, "/models/aurora-large-1")
    assert pauses == [0.05]


def test_publish_replaces_the_records_at_the_same_url(http: requests.Session) -> None:
    with SampleApi(yesterday()) as api:
        before = get(http, api, "/models/aurora-large-1").json()
        api.publish(today())
        after = get(http, api, "/models/aurora-large-1").json()
    assert before["providers"][0]["output_price_per_m"] == 30
    assert after["providers"][0]["output_price_per_m"] == 25


def test_connections_are_kept_alive(api: SampleApi) -> None:
    with requests.Session() as session:
        for _ in range(20):
            assert get(session, api, "/models/aurora-large-1").status_code == 200
        (pool,) = session.get_adapter(api.base_url).poolmanager.pools._container.values()  # type: ignore[attr-defined]
        assert pool.num_requests == 20
        assert pool.num_connections == 1


def test_ctrl_c_ends_the_wait_quietly(api: SampleApi) -> None:
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    api.wait()
    timer.join()


def test_port_in_use_is_an_error(api: SampleApi) -> None:
    port = int(api.base_url.split(":")[2].split("/")[0])
    with (
        pytest.raises(
            UsageError, match=f"cannot listen on 127.0.0.1:{port}: .*; choose another port"
        ),
        SampleApi(port=port),
    ):
        pass


def test_invalid_port_is_an_error() -> None:
    with pytest.raises(UsageError, match="choose another port"), SampleApi(port=70_000):
        pass


def test_closing_disconnects_idle_clients() -> None:
    with requests.Session() as session:
        with SampleApi() as api:
            get(session, api, "/models")
        with pytest.raises(requests.ConnectionError):
            get(session, api, "/models")


def test_closing_wakes_a_delayed_request() -> None:
    with requests.Session() as session, ThreadPoolExecutor(1) as pool:
        with SampleApi(latency_ms=60_000) as api:
            waiting = pool.submit(get, session, api, "/models")
            while not api.requests:
                time.sleep(0.005)
        assert waiting.exception() is None or isinstance(
            waiting.exception(), requests.ConnectionError
        )
