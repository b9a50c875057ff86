"""API key: it is sent only to the API, and redacted in responses and messages."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.client import Client
from llm_stats.http.auth import BearerAuth
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.http import Request, Response, json_response
from support.client_helpers import ONE, RECORDS, fetched, only


def test_key_is_not_sent_to_a_redirect_target() -> None:
    with SampleApi(RECORDS) as other_host:
        answer, _, _ = only(faults.redirect(f"{other_host.base_url}/models/{ONE}"))
        assert answer.fetch.outcome == "failed"
        assert other_host.requests == []


@pytest.mark.parametrize(
    "key",
    [SAMPLE_KEY, "k" * 700, "a/b+c=" * 5, 'a"\\b' * 5, "k3y!5"],
    ids=["plain", "long", "special", "escaped", "short"],
)
@pytest.mark.parametrize(
    "where", ["message", "help_url", "code", "limit_type", "reset_at", "straddling"]
)
def test_key_echoed_by_the_server_is_redacted(key: str, where: str) -> None:
    echoes: dict[str, Callable[[str], dict[str, str]]] = {
        "straddling": lambda text: {"message": "x" * (500 - len(text) // 2) + text},
    }
    details = echoes[where](key) if where in echoes else {where: f"your key {key} is"}
    error = {"code": "rate_limit_exceeded", "message": "No.", "limit_type": "daily_quota"} | details
    refusal = json_response({"error": error}, 429 if where == "reset_at" else 400)
    with FakeApi(RECORDS, key=key, everywhere=[lambda *_: refusal]) as api:
        answers, client = fetched(api, api_key=key, concurrency=1)
    text = " ".join(
        f"{answer.fetch.error_code} {answer.fetch.message}" for answer in answers.values()
    )
    text += f" {client.stop_reason and client.stop_reason.message}"
    assert key[: max(len(key) // 2, 3)] not in text
    assert "***" in text or where in ("limit_type", "straddling")


@pytest.mark.parametrize("escaped", [False, True])
def test_key_with_json_escapes_is_redacted(escaped: bool, cache: ResponseCache) -> None:
    key = 'sk-live/0123"456789'
    spelled = "".join(
        f"\\u{ord(letter):04X}"
        if escaped
        else {"-": "\\u002d", "/": "\\/", '"': '\\"'}.get(letter, letter)
        for letter in key
    )

    def echo(_: Request, answer: Response) -> Response:
        return Response(
            200,
            answer.body.replace(
                b'"description": "', b'"description": "for ' + spelled.encode() + b" ", 1
            ),
        )

    with FakeApi(RECORDS, key=key, faults={ONE: echo}) as api:
        answers, _ = fetched(api, [ONE], api_key=key, cache=cache)
        row = answers[ONE].row
    assert row is not None
    assert row["description"].startswith("for *** ")
    kept = cache.get(f"{api.base_url}/models/{ONE}")
    assert kept is not None
    assert spelled.encode() not in kept.content


@pytest.mark.parametrize("at", range(140, 200, 7))
def test_key_is_redacted_before_texts_are_truncated(at: int) -> None:
    """The key is in an invalid status line, which urllib3 quotes in its error message."""
    key = "sk-live-0123456789-abcdefghij"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"x" * at + key.encode() + b"\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with Client(
            f"http://127.0.0.1:{listening.getsockname()[1]}",
            key,
            rate_limiter=RateLimiter(0),
            max_attempts=1,
        ) as client:
            (failed,) = client.fetch_models([ONE])
    assert "x" * 100 in str(failed.fetch.message)
    assert key[:8] not in str(failed.fetch.message)


@pytest.mark.parametrize("at", [192, 197])
def test_key_in_a_redirect_is_redacted_before_the_target_is_truncated(at: int) -> None:
    """The key begins before the 200th character of the target, and ends after it."""
    target = "https://other.test/".ljust(at, "x")
    answer, _, _ = only(faults.redirect(f"{target}{SAMPLE_KEY}/login"))
    message = str(answer.fetch.message)
    assert f"redirected to {target}***" in message
    assert SAMPLE_KEY[:5] not in message


def test_short_key_is_not_redacted_in_bodies() -> None:
    for key, redacted in (("sevench", b'"sevench"'), ("eightchr", b'"***"')):
        auth = BearerAuth(key)
        assert auth.redact_body(f'"{key}"'.encode()) == redacted
        assert auth.redact(f"the key {key}") == "the key ***"
    assert BearerAuth("eightchr").redact_body(rb'"\u0065ightchr"') == b'"***"'
    assert BearerAuth("").redact("text") == "text"


def test_empty_key_does_not_change_messages() -> None:
    with SampleApi(RECORDS) as api:
        _, client = fetched(api, [ONE], api_key="")
    assert client.stop_reason is not None
    assert "HTTP 401 authentication_required: Send your key as" in client.stop_reason.message


def test_record_that_contains_the_key_is_stored_without_it(cache: ResponseCache) -> None:
    answer, api, _ = only(faults.changed(description=f"for {SAMPLE_KEY}"), cache=cache)
    assert answer.row is not None
    assert answer.row["description"] == "for ***"
    kept = cache.get(f"{api.base_url}/models/{ONE}")
    assert kept is not None
    assert SAMPLE_KEY.encode() not in kept.content
