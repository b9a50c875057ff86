"""What one HTTP response says: its body in bounds, its error in words, how long to wait."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import requests

BODY_TIMEOUT_SECONDS = 120
MAX_BODY_BYTES = 10 * 1024 * 1024


class Body(NamedTuple):
    """The body of a good response, and when it arrived (UTC)."""

    content: bytes
    arrived_at: dt.datetime


class Unusable(Exception):
    """A response that is no record; `transient` ones are worth another try."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None, transient: bool = False) -> None:
        super().__init__(message)
        self.status, self.code, self.transient = status, code, transient


def read(response: requests.Response) -> bytes:
    """The whole body, unpacked, within bounds of size and time.

    By `read1`, which gives what there is: everything else waits for a full chunk, and a body that drips would never be done.
    """
    body = bytearray()
    deadline = time.monotonic() + BODY_TIMEOUT_SECONDS
    while chunk := response.raw.read1(65536, decode_content=True):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Unusable(f"the body is over {MAX_BODY_BYTES // 1024 // 1024} MB", status=response.status_code)
        if time.monotonic() > deadline:
            raise Unusable(f"the body took over {BODY_TIMEOUT_SECONDS} s", status=response.status_code, transient=True)
    return bytes(body)


def envelope(body: bytes) -> dict[str, str]:
    """`{"error": {"code", "message", …}}` → its inside; `{"detail": [{"loc", "msg", "type"}]}` → the same shape; else nothing."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(document, dict):
        if isinstance(document.get("error"), dict):
            return {key: str(value) for key, value in document["error"].items() if isinstance(value, str | int | float)}
        if isinstance(document.get("detail"), list):
            problems = [problem for problem in document["detail"] if isinstance(problem, dict)]
            return {"code": "invalid_request", "message": "; ".join(f"{p.get('loc')}: {p.get('msg')}" for p in problems)}
    return {}


def words(response: requests.Response, error: dict[str, str], redact: Callable[[str], str]) -> str:
    """The API's own words on an error, or ours where it has none: `HTTP 401 invalid_api_key: The key is unknown (https://…)`.

    Redacted before it is shortened: half a key is a leak too.
    """
    status = response.status_code
    head = " ".join(["HTTP", str(status), *filter(None, [_short(error.get("code", ""), 100, redact)])])
    if 300 <= status < 400:
        return f"{head}: redirected to {_short(response.headers.get('Location', 'nowhere'), 200, redact)}; wrong base URL?"
    said = _short(error.get("message", response.reason or "no reason given"), 500, redact)
    return f"{head}: {said}" + (f" ({_short(error['help_url'], 200, redact)})" if error.get("help_url") else "")


def _short(text: str, length: int, redact: Callable[[str], str]) -> str:
    return redact(text)[:length]


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait, from `Retry-After: 30` or `Retry-After: Wed, 21 Oct 2026 07:28:00 GMT`."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    if (until := _moment(value)) is None:
        return None
    now = _moment(response.headers.get("Date", "")) or dt.datetime.now(dt.UTC)  # by the server's clock, where it tells the time
    return max(0.0, (until - now).total_seconds())


def _moment(value: str) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def cause(error: BaseException) -> str:
    """The innermost words of a nest of network errors: `Connection refused`."""
    while (inner := error.__cause__ or error.__context__ or getattr(error, "reason", None)) and isinstance(inner, BaseException):
        error = inner
    return getattr(error, "strerror", None) or str(error)[:200] or type(error).__name__
