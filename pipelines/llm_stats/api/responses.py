"""What one HTTP response says: its body in bounds, its error in words, how long to wait."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
import time
import zlib
from collections.abc import Callable
from http.client import HTTPException, responses
from typing import NamedTuple

import requests
from urllib3.exceptions import HTTPError

from llm_stats.errors import RecordRejected
from llm_stats.schema import record
from llm_stats.schema.record import parse_record

BODY_TIMEOUT_SECONDS = 120
_NETWORK_ERRORS = (OSError, HTTPException, HTTPError)
MAX_BODY_BYTES = 10 * 1024 * 1024


class Body(NamedTuple):
    """The body of a response that is worth its price, and when it arrived (UTC); `status` is 200 or 404."""

    content: bytes
    arrived_at: dt.datetime
    status: int = 200


class BadResponse(Exception):
    """A response that is no record; `transient` ones are worth another try."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.transient = status, code, transient


def read_body(response: requests.Response) -> bytes:
    """The whole body, unpacked, within bounds of size and time. Raises `Unusable`, and `zlib.error` for broken gzip.

    By `read1`, which gives what there is: everything else waits for a full chunk, and a body that drips would never be done. Unpacked
    here, because urllib3 looks for the next chunk until one brings something, and unpacks more than anybody wants.
    """
    status = response.status_code
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", "x-gzip", ""):
        raise BadResponse(
            f"the body is packed as {packed[:20]!r}, which was not asked for", status=status
        )
    gunzip = _BoundedGunzip() if "gzip" in packed else None
    body = bytearray()
    deadline = time.monotonic() + BODY_TIMEOUT_SECONDS
    while chunk := response.raw.read1(65536, decode_content=False):
        body += gunzip.unpack(chunk, MAX_BODY_BYTES + 1 - len(body)) if gunzip else chunk
        if len(body) > MAX_BODY_BYTES:
            raise BadResponse(
                f"the body is over {MAX_BODY_BYTES // 1024 // 1024} MB", status=status
            )
        if time.monotonic() > deadline:
            raise BadResponse(
                f"the body took over {BODY_TIMEOUT_SECONDS} s", status=status, transient=True
            )
    return bytes(body)


class _BoundedGunzip:
    """Unpacks gzip chunk by chunk, of one member or several, and never more than asked for."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpack(self, chunk: bytes, most: int) -> bytes:
        unpacked = b""
        while chunk and len(unpacked) < most:
            if self._member.eof:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            unpacked += self._member.decompress(chunk, most - len(unpacked))
            chunk = self._member.unconsumed_tail or self._member.unused_data
        return unpacked


def parse_error_body(body: bytes) -> dict[str, str]:
    """What a body says of an error, as `{"code", "message", "help_url", …}`; nothing if it says nothing.

    `{"error": {"code", "message", …}}` and `{"detail": [{"loc", "msg", "type"}]}` are documented; `{"error": "text"}`,
    `{"detail": "text"}` and `{"message": "text"}` are what others in front of an API say.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    error, detail = document.get("error"), document.get("detail")
    if isinstance(error, dict):
        return {
            key: str(value) for key, value in error.items() if isinstance(value, str | int | float)
        }
    if isinstance(detail, list):
        problems = [problem for problem in detail if isinstance(problem, dict)]
        return {
            "code": "invalid_request",
            "message": "; ".join(f"{p.get('loc')}: {p.get('msg')}" for p in problems),
        }
    text = next(
        (text for text in (error, detail, document.get("message")) if isinstance(text, str)), None
    )
    return {"message": text} if text and document.keys().isdisjoint({"id", "models"}) else {}


def format_error(
    status: int,
    error: dict[str, str],
    redact: Callable[[str], str],
    *,
    reason: str | None = None,
    location: str = "nowhere",
) -> str:
    """The API's own words on an error, or ours where it has none: `HTTP 401 invalid_api_key: The key is unknown (https://…)`.

    Redacted before it is shortened: half a key is a leak too.
    """
    if status == 200:
        head = f"an error with status 200: {_redacted_prefix(error.get('code', 'no code'), 100, redact)}"
    else:
        head = " ".join(
            [
                "HTTP",
                str(status),
                *filter(None, [_redacted_prefix(error.get("code", ""), 100, redact)]),
            ]
        )
    if 300 <= status < 400:
        return f"{head}: redirected to {_redacted_prefix(location, 200, redact)}; wrong base URL?"
    said = _redacted_prefix(
        error.get("message", reason or responses.get(status, "no reason given")), 500, redact
    )
    return f"{head}: {said}" + (
        f" ({_redacted_prefix(error['help_url'], 200, redact)})" if error.get("help_url") else ""
    )


def _redacted_prefix(text: str, length: int, redact: Callable[[str], str]) -> str:
    return redact(text)[:length]


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait, from `Retry-After: 30`, `2.5` or `Wed, 21 Oct 2026 07:28:00 GMT`."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return float(value)
    if (until := _parse_http_date(value)) is None:
        return None
    now = _parse_http_date(response.headers.get("Date", "")) or dt.datetime.now(
        dt.UTC
    )  # by the server's clock, where it tells the time
    return max(0.0, (until - now).total_seconds())


def _parse_http_date(value: str) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def root_cause_message(error: BaseException) -> str:
    """The innermost words of a nest of network errors: `Connection refused`. What was being handled besides is no part of the nest."""
    while isinstance(
        inner := error.__cause__ or error.__context__ or getattr(error, "reason", None),
        _NETWORK_ERRORS,
    ):
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class WrongCatalogRecord(RecordRejected):
    """A record of another catalogue, which answers at the host's other addresses, without a key."""


def parse_record_body(
    body: Body, model_id: str, base_url: str, redact: Callable[[str], str]
) -> record.Record:
    """The record in a body.

    Raises `RecordRejected` for a record that breaks the contract, `LookAlike` for another catalogue's, and `Unusable` for a 404, an error
    in disguise, or what is not JSON.
    """
    if body.status == 404:
        raise error_from_body(body, redact)
    try:
        return parse_record(body.content, model_id)
    except RecordRejected:
        content = body.content
        try:
            document = json.loads(
                content.decode()
            )  # from bytes, it would read what is no JSON: UTF-16, a byte order mark
        except (ValueError, RecursionError):
            kind = (
                "HTML"
                if content.lstrip()[:1] == b"<"
                else "nothing"
                if not content.strip()
                else "truncated or broken JSON"
            )
            raise BadResponse(f"the answer is {kind}, not a model record", status=200) from None
        if parse_error_body(content):
            raise error_from_body(body, redact) from None
        if isinstance(document, dict) and document.keys().isdisjoint({"scores", "sources"}):
            raise WrongCatalogRecord(
                f"{base_url} answers records without scores; wrong base URL?"
            ) from None
        raise


def error_from_body(body: Body, redact: Callable[[str], str]) -> BadResponse:
    """What a body says that holds no more than an error."""
    error = parse_error_body(body.content)
    return BadResponse(
        format_error(body.status, error, redact), status=body.status, code=error_code(error, redact)
    )


def error_code(error: dict[str, str], redact: Callable[[str], str]) -> str | None:
    """The API's own code of an error, if it gives one."""
    return redact(error["code"])[:100] if "code" in error else None
