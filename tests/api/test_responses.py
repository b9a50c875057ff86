"""Outcome of each kind of response: errors, broken bodies, oversized bodies and others."""

from __future__ import annotations

import functools
import gzip
import tracemalloc

import pytest
from fake_api import faults
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.api.responses import MAX_BODY_BYTES
from llm_stats.sample.http import Request, Response, json_response
from support.client_helpers import IDS, ONE, RECORDS, TWO, fetched, only, outcomes, request_counts

MESSAGES: dict[str, tuple[Fault, str, str]] = {
    "envelope": (
        faults.error(404, "not_found", "No such model.", help_url="https://help.invalid/1"),
        "not_found",
        "HTTP 404 not_found: No such model. (https://help.invalid/1)",
    ),
    "422": (
        lambda *_: json_response(
            {"detail": [{"loc": ["path", "model_id"], "msg": "too long", "type": "x"}]}, 422
        ),
        "failed",
        "HTTP 422 invalid_request: ['path', 'model_id']: too long",
    ),
    "503": (
        faults.error(503),
        "failed",
        "HTTP 503 quota_service_unavailable: The sample is set to fail. (https://sample.invalid/errors/",
    ),
    "unknown code": (faults.error(500, "gremlins", "Oops."), "failed", "HTTP 500 gremlins: Oops."),
    "no envelope": (faults.bare(418), "failed", "HTTP 418: "),
    "odd envelope": (
        lambda *_: json_response({"error": {"code": 7, "message": None}}, 400),
        "failed",
        "HTTP 400 7: Bad Request",
    ),
    "error as text": (
        lambda *_: json_response({"error": "Not so."}, 400),
        "failed",
        "HTTP 400: Not so.",
    ),
    "detail as text": (
        lambda *_: json_response({"detail": "Not so."}, 400),
        "failed",
        "HTTP 400: Not so.",
    ),
    "message only": (
        lambda *_: json_response({"message": "Not so."}, 400),
        "failed",
        "HTTP 400: Not so.",
    ),
    "error with 200 and help": (
        lambda *_: json_response(
            {"error": {"code": "x", "message": "No.", "help_url": "https://help.invalid/2"}}
        ),
        "failed",
        "an error with status 200: x: No. (https://help.invalid/2)",
    ),
    "byte order mark": (
        lambda *_: Response(200, b"\xef\xbb\xbf[]"),
        "rejected",
        "record: Input should be an object",
    ),
    "utf-16": (
        lambda *_: Response(200, "{}".encode("utf-16")),
        "failed",
        "the response is truncated or invalid JSON",
    ),
    "error with 200": (
        lambda *_: json_response({"error": {"code": "x", "message": "Not today."}}),
        "failed",
        "an error with status 200: x: Not today.",
    ),
    "html": (faults.html(), "failed", "the response is HTML, not a model record"),
    "empty": (faults.empty(), "failed", "the response is empty, not a model record"),
    "cut json": (
        faults.cut_json(),
        "failed",
        "the response is truncated or invalid JSON, not a model record",
    ),
    "deep json": (
        lambda *_: Response(200, b"[" * 100_000),
        "failed",
        "the response is truncated or invalid JSON",
    ),
    "deep error": (lambda *_: Response(400, b"[" * 100_000), "failed", "HTTP 400: Bad Request"),
    "not utf-8": (
        lambda *_: Response(200, b'{"id": "\xff"}'),
        "failed",
        "the response is truncated or invalid JSON",
    ),
    "a list": (lambda *_: json_response([]), "rejected", "record: Input should be an object"),
    "cut off": (faults.cut_off(), "failed", "no response from http://127.0.0.1:"),
    "dropped": (faults.dropped(), "failed", "no response from http://127.0.0.1:"),
    "oversized": (faults.oversized(), "failed", "the body is over 10 MB"),
    "oversized error": (
        lambda *_: Response(400, b"x" * (11 << 20)),
        "failed",
        "the body is over 10 MB",
    ),
    "bad gzip": (
        lambda *_: Response(200, b"no gzip", {"Content-Encoding": "gzip"}),
        "failed",
        "unreadable response from http://127",
    ),
    "redirect": (
        faults.redirect("https://other.invalid/x"),
        "failed",
        "HTTP 302: redirected to https://other.invalid/x; wrong base URL?",
    ),
    "redirect without a location": (
        faults.bare(301),
        "failed",
        "HTTP 301: the response has no Location header; wrong base URL?",
    ),
    "renamed id": (
        faults.redirect(f"/stats/v1/models/{TWO}", 301),
        "failed",
        f"HTTP 301: the model id moved to {TWO}; use the new id",
    ),
    "record of another model": (
        faults.changed(id="another"),
        "rejected",
        f"id: requested '{ONE}', received 'another'",
    ),
    "wrong shape": (
        faults.changed(providers="none"),
        "rejected",
        "providers: Input should be a valid ",
    ),
    "field missing": (faults.missing("scores"), "rejected", "scores: Field required"),
    "wrong catalog": (
        faults.missing("scores", "sources"),
        "rejected",
        "returns records without scores; wrong base URL?",
    ),
}


def bomb(status: int, **headers: str) -> Response:
    """Return a response of 100 MB, compressed to less than 1 MB."""
    return Response(status, packed_bomb(), {"Content-Encoding": "gzip", **headers})


@functools.cache
def packed_bomb() -> bytes:
    return gzip.compress(b"x" * (100 << 20), 1)


HOSTILE: dict[str, tuple[Fault, str]] = {
    "a Location that is not a URL": (
        faults.redirect("http://[::1"),
        "HTTP 302: redirected to http://[::1; wrong base URL?",
    ),
    "a Location that is not ASCII": (
        faults.redirect("http://xn--\xe9\xff.invalid:99999/"),
        "HTTP 302: redirected to http://xn--",
    ),
    "a redirect with a decompression bomb": (
        lambda *_: bomb(302, Location="/x"),
        "the body is over 10 MB",
    ),
    "an encoding that was not requested": (
        lambda *_: Response(200, b"x", {"Content-Encoding": "br"}),
        "the body has the encoding 'br', which was not requested",
    ),
}


class TestResponses:
    @pytest.mark.parametrize(("fault", "message"), HOSTILE.values(), ids=HOSTILE)
    def test_hostile_response_fails_only_its_model(self, fault: Fault, message: str) -> None:
        with FakeApi(RECORDS, faults={ONE: fault}) as api:
            answers, _ = fetched(api)
        assert outcomes(answers) == {"failed": 1, "loaded": 29}
        assert message in (answers[ONE].fetch.message or "")

    def test_dripping_redirect_is_abandoned_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Reading the whole body would exceed the test's timeout."""
        monkeypatch.setattr("llm_stats.api.transport.EXCHANGE_TIMEOUT_SECONDS", 0.2)
        redirect = Response(302, b"x" * 1000, {"Location": "/x"})
        answer, _, _ = only(faults.chain(lambda *_: redirect, faults.drip(0.15)), max_attempts=1)
        assert "the response took over 0.2 s" in (answer.fetch.message or "")

    def test_gzip_without_output_is_abandoned_in_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Reading the whole body would exceed the test's timeout."""
        monkeypatch.setattr("llm_stats.api.transport.EXCHANGE_TIMEOUT_SECONDS", 0.2)
        empty = Response(200, gzip.compress(b"") * 60, {"Content-Encoding": "gzip"})
        answer, _, _ = only(faults.chain(lambda *_: empty, faults.drip(0.15)), max_attempts=1)
        assert "the response took over 0.2 s" in (answer.fetch.message or "")

    def test_gzip_with_several_members_is_read(self) -> None:
        def in_two_members(_: Request, answer: Response) -> Response:
            members = gzip.compress(answer.body[:100]) + gzip.compress(answer.body[100:])
            return Response(200, members, {"Content-Encoding": "gzip"})

        assert only(in_two_members)[0].fetch.outcome == "loaded"

    @pytest.mark.parametrize(("fault", "outcome", "message"), MESSAGES.values(), ids=MESSAGES)
    def test_bad_response_has_an_outcome_and_a_message(
        self, fault: Fault, outcome: str, message: str
    ) -> None:
        answer, _, _ = only(fault, max_attempts=1)
        assert answer.fetch.outcome == outcome
        assert message in (answer.fetch.message or "")

    @pytest.mark.parametrize("first", range(0, len(MESSAGES), 15))
    def test_one_bad_response_does_not_stop_fetching(self, first: int) -> None:
        """Up to fifteen bad responses, each of another kind, alternate with valid records."""
        kinds = list(MESSAGES.values())[first : first + 15]
        bad = {model_id: kind[0] for model_id, kind in zip(IDS[1::2], kinds, strict=False)}
        with FakeApi(RECORDS, faults=bad) as api:
            answers, client = fetched(api, max_attempts=1, concurrency=1)
        assert outcomes(answers)["loaded"] == 30 - len(kinds)
        assert client.stop_reason is None

    def test_decompression_bomb_is_limited(self) -> None:
        response = bomb(200)
        tracemalloc.start()
        try:
            answer, _, _ = only(lambda *_: response)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert answer.fetch.message == "the body is over 10 MB"
        assert peak < 6 * MAX_BODY_BYTES

    @pytest.mark.parametrize("status", [301, 308])
    def test_renamed_id_is_named_and_other_models_load(self, status: int) -> None:
        """The redirect is not followed: one request is sent for each model."""
        fault = faults.redirect("/stats/v1/models/new%2Fid", status)
        with FakeApi(RECORDS, faults={ONE: fault}) as api:
            answers, _ = fetched(api)
        assert outcomes(answers) == {"failed": 1, "loaded": 29}
        message = f"HTTP {status}: the model id moved to new/id; use the new id"
        assert answers[ONE].fetch.message == message
        assert answers[ONE].fetch.http_status == status
        assert set(request_counts(api).values()) == {1}

    def test_byte_order_mark_before_a_record_is_read(self) -> None:
        answer, _, _ = only(faults.byte_order_mark())
        assert answer.fetch.outcome == "loaded", answer.fetch.message

    def test_byte_order_mark_before_an_error_is_read(self) -> None:
        answer, _, _ = only(faults.chain(faults.error(404), faults.byte_order_mark()))
        assert answer.fetch.error_code == "not_found"

    def test_gzip_is_read(self) -> None:
        answer, api, _ = only(faults.compressed())
        assert answer.fetch.outcome == "loaded"
        assert len(api.requests) == 1
