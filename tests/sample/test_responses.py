"""Exact responses of the sample API, and how its server treats connections."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
import requests
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.http import Request, error_response

BEARER = {"authorization": f"bearer {SAMPLE_KEY}"}
RECORDS = [{"id": f"m{number}"} for number in range(60)]


def respond(path: str, query: str = "", headers: dict[str, str] = BEARER) -> tuple[int, Any]:
    """Return the status and the JSON body of a response."""
    response = SampleApi(RECORDS).respond(Request(0, path, query, headers))
    assert response.headers == {"Content-Type": "application/json"}
    return response.status, json.loads(response.body)


def error(code: str, message: str, **details: str) -> dict[str, Any]:
    help_url = f"https://sample.invalid/errors/{code}"
    return {"error": {"code": code, "message": message, "help_url": help_url, **details}}


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/stats/v1/models/x%20y", "model 'x y'"),
        ("/v1/models/x", "model 'x'"),
        ("/stats/v1/models/", "route '/stats/v1/models/'"),
        ("/v1/benchmarks", "route '/v1/benchmarks'"),
        ("/other/v1/models", "route '/other/v1/models'"),
        ("/other/v1/models/x", "model 'x'"),
        ("/", "route '/'"),
    ],
)
def test_not_found(path: str, missing: str) -> None:
    assert respond(path) == (404, error("not_found", f"There is no {missing}."))


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer  ", f"Basic {SAMPLE_KEY}"])
def test_missing_key(value: str | None) -> None:
    headers = {} if value is None else {"authorization": value}
    message = "Send your key as bearer token."
    expected = (401, error("authentication_required", message))
    assert respond("/stats/v1/models", headers=headers) == expected


def test_key_is_compared_without_spaces() -> None:
    path = "/stats/v1/models/m1"
    assert respond(path, headers={"authorization": f"BEARER  {SAMPLE_KEY} "}) == (200, RECORDS[1])
    rejected = (401, error("invalid_api_key", "The key is not valid."))
    assert respond(path, headers={"authorization": f"Bearer {SAMPLE_KEY}2"}) == rejected


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("", 50),
        ("limit=1", 1),
        ("limit=3&limit=2", 2),
        ("limit=200", 60),
        ("cursor=b2Zmc2V0OjA=", 50),
    ],
)
def test_size_of_a_page(query: str, size: int) -> None:
    status, page = respond("/stats/v1/models", query)
    assert status == 200
    assert page["models"] == RECORDS[:size]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=", "limit=x"])
def test_invalid_limit(query: str) -> None:
    detail = {"loc": ["query", "limit"], "msg": "must be 1 to 200", "type": "int_range"}
    assert respond("/stats/v1/models", query) == (422, {"detail": [detail]})


def test_expired_cursor() -> None:
    expected = error("cursor_expired", "The cursor has expired.", param="cursor")
    assert respond("/stats/v1/models", "cursor=x") == (410, expected)


def test_public_catalog() -> None:
    entry: dict[str, Any] = {"id": "m1", "name": None, "object": "model", "pricing": []}
    assert respond("/v1/models/m1", headers={}) == (200, entry)
    status, catalog = respond("/v1/models", headers={})
    assert status == 200
    assert catalog["object"] == "list"
    assert catalog["data"][1] == entry


def test_missing_details_of_an_error_are_omitted() -> None:
    response = error_response(400, "bad", "It is bad.", param=None, limit_type="x")
    assert response.status == 400
    assert json.loads(response.body) == error("bad", "It is bad.", limit_type="x")


def test_status_of_a_request_is_unknown_until_the_response() -> None:
    api = SampleApi(RECORDS, latency_ms=1)
    request = Request(0, "/stats/v1/models", "", {})
    assert request.status == 0
    api.respond(request)
    assert request.status == 401
    assert api.requests == [request]


def test_port_can_be_used_again_at_once() -> None:
    with SampleApi(RECORDS) as api, requests.Session() as session:
        session.get(f"{api.base_url}/models", headers=BEARER, timeout=5)
        port = int(api.base_url.split(":")[2].partition("/")[0])
    with SampleApi(RECORDS, port=port) as again:
        assert again.base_url == f"http://127.0.0.1:{port}/stats/v1"


def test_small_packets_are_sent_at_once_and_closed_connections_are_forgotten() -> None:
    with SampleApi(RECORDS) as api:
        with requests.Session() as session:
            session.get(f"{api.base_url}/models", headers=BEARER, timeout=5)
            (connection,) = api._server._open
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        deadline = time.monotonic() + 5
        while api._server._open and time.monotonic() < deadline:
            time.sleep(0.001)
        assert not api._server._open


@pytest.mark.parametrize("failure", [ConnectionResetError("gone"), BrokenPipeError("gone")])
def test_disconnected_client_is_not_reported(
    capsys: pytest.CaptureFixture[str], failure: Exception
) -> None:
    assert failed(failure, capsys) == ""


def test_other_errors_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ValueError: broken" in failed(ValueError("broken"), capsys)


def failed(failure: Exception, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the server prints for an error."""
    with SampleApi(RECORDS) as api:
        try:
            raise failure
        except type(failure):
            api._server.handle_error(None, ("127.0.0.1", 1))
    return capsys.readouterr().err
