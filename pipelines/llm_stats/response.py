"""What one HTTP response says: its body in bounds, its error in words, how long to wait."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import time
from typing import Any

import requests

BODY_TIMEOUT_SECONDS = 120
MAX_BODY_BYTES = 10 * 1024 * 1024


class Unusable(Exception):
    """A response that is no record; `transient` ones are worth another try."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None, transient: bool = False) -> None:
        super().__init__(message)
        self.status, self.code, self.transient = status, code, transient


def read(response: requests.Response) -> bytes:
    """The whole body, within bounds of size and time."""
    body = bytearray()
    deadline = time.monotonic() + BODY_TIMEOUT_SECONDS
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Unusable(f"the body is over {MAX_BODY_BYTES // 1024 // 1024} MB", status=response.status_code)
        if time.monotonic() > deadline:
            raise Unusable(f"the body took over {BODY_TIMEOUT_SECONDS} s", status=response.status_code, transient=True)
    return bytes(body)


def envelope(body: bytes) -> dict[str, Any]:
    """`{"error": {"code", "message", …}}` → its inside; `{"detail": [{"loc", "msg", "type"}]}` → the same shape; else nothing."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    if isinstance(document, dict):
        if isinstance(document.get("error"), dict):
            return {key: value for key, value in document["error"].items() if isinstance(value, str)}
        if isinstance(document.get("detail"), list):
            problems = [problem for problem in document["detail"] if isinstance(problem, dict)]
            return {"code": "invalid_request", "message": "; ".join(f"{p.get('loc')}: {p.get('msg')}" for p in problems)}
    return {}


def words(status: int, error: dict[str, Any], response: requests.Response) -> str:
    """The API's own words on an error, or ours where it has none: `HTTP 401 invalid_api_key: The key is unknown (https://…)`."""
    head = " ".join(["HTTP", str(status), *filter(None, [error.get("code")])])
    if 300 <= status < 400:
        return f"{head}: redirected to {response.headers.get('Location', 'nowhere')[:200]}; wrong base URL?"
    said = str(error.get("message", response.reason))[:500]
    return f"{head}: {said}" + (f" ({error['help_url'][:200]})" if "help_url" in error else "")


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait, from `Retry-After: 30` or `Retry-After: Wed, 21 Oct 2026 07:28:00 GMT`."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(value) - dt.datetime.now(dt.UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def cause(error: BaseException) -> str:
    """The innermost words of a nest of network errors: `Connection refused`."""
    while (inner := error.__cause__ or error.__context__ or getattr(error, "reason", None)) and isinstance(inner, BaseException):
        error = inner
    return getattr(error, "strerror", None) or str(error)[:200] or type(error).__name__
