"""Deadline of an HTTP exchange: slow headers, slow chunks, endless `100 Continue`, proxies."""

from __future__ import annotations

import socket

import pytest
import requests
from llm_stats.http.deadline import DeadlineSession
from support.raw_server import Handler, forward, raw_server, repeated
from urllib3.exceptions import ReadTimeoutError

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

#: Responses that never end. Each read takes less than the read timeout of these tests (0.15 s).
ENDLESS: dict[str, Handler] = {
    "status line": repeated(b"HTTP/1.1 200 ", b"o", pause=0.02),
    "one header": repeated(OK + b"X: ", b"x", pause=0.02),
    "many headers": repeated(OK, b"X: x\r\n", pause=0.02),
    "100 Continue": repeated(b"", CONTINUE, pause=0.06),
    "header of 100 Continue": repeated(b"HTTP/1.1 100 Continue\r\nX: ", b"x", pause=0.02),
    "body": repeated(OK + b"Content-Length: 1000\r\n\r\n", b"x", pause=0.02),
    "chunk size": repeated(CHUNKED, b"0", pause=0.02),
    "chunk": repeated(CHUNKED + b"fff\r\n", b"x", pause=0.02),
}


def read(session: requests.Session, url: str) -> bytes:
    with session.get(url, timeout=(1, 0.15), stream=True) as response:
        return bytes(response.raw.read())


@pytest.mark.parametrize("handler", ENDLESS.values(), ids=ENDLESS)
def test_endless_response_ends_at_the_deadline(handler: Handler) -> None:
    """Without the deadline, the test would run into its timeout."""
    with (
        raw_server(handler) as port,
        DeadlineSession(0.3) as session,
        pytest.raises((requests.ReadTimeout, ReadTimeoutError)) as failed,
    ):
        read(session, f"http://127.0.0.1:{port}/")
    cause: BaseException | None = failed.value
    while cause and not isinstance(cause, TimeoutError):
        cause = cause.__cause__ or cause.__context__
    assert str(cause) == "the response took over 0.3 s"


def test_number_of_100_continue_is_limited() -> None:
    """The server sends `100 Continue` as fast as it can; the deadline is an hour."""
    with (
        raw_server(repeated(b"", CONTINUE)) as port,
        DeadlineSession(3600) as session,
        pytest.raises(
            requests.ConnectionError, match="the server sent 100 Continue more than 10 times"
        ),
    ):
        read(session, f"http://127.0.0.1:{port}/")


def test_100_continue_may_precede_the_response() -> None:
    response = CONTINUE * 10 + OK + b"Content-Length: 2\r\n\r\nhi"

    def handle(connection: socket.socket, _: bytes) -> None:
        connection.sendall(response)

    with raw_server(handle) as port, DeadlineSession(60) as session:
        assert read(session, f"http://127.0.0.1:{port}/") == b"hi"


def test_read_timeout_still_applies() -> None:
    with (
        raw_server(repeated(OK, pause=3600)) as port,
        DeadlineSession(3600) as session,
        pytest.raises(requests.ReadTimeout, match=r"read timeout=0\.15"),
    ):
        read(session, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_never_ends_its_headers(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy forwards an `http` URL, and opens a tunnel with `CONNECT` for an `https` URL."""
    with raw_server(ENDLESS["one header"]) as port, DeadlineSession(0.3) as session:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(requests.ReadTimeout):
            read(session, f"{scheme}://api.invalid/")


def test_response_through_a_proxy_has_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        raw_server(ENDLESS["one header"]) as origin,
        raw_server(forward(origin)) as proxy,
        DeadlineSession(0.3) as session,
    ):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        with pytest.raises(requests.ReadTimeout):
            read(session, "http://api.invalid/")
