"""Faults of the fake API: error responses, wrong bodies, broken transfers.

A fault is a function that takes a request and the response to it, and returns the response to send
instead. Each public function of this module returns a fault; its docstring describes the effect of
that fault. The functions in `when.py` limit a fault to some of the requests:

    faults = {"aurora-large-1": html(), "halcyon-3": when.first(2, error(500)), LIST: error(503)}
    everywhere = [when.at_most(10, seconds=1), when.every(5, dropped()), when.after(150, quota())]
    with FakeApi(faults=faults, everywhere=everywhere) as api:
        ...
"""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import itertools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from llm_stats.sample.http import Request, Response, error_response, json_response

Fault = Callable[[Request, Response], Response]

#: Key for the model-list endpoint in `FakeApi(faults=...)`; the other keys are model ids.
LIST = "/models"

_CODES = {
    401: "invalid_api_key",
    402: "payment_required",
    403: "stats_api_access_denied",
    404: "not_found",
    429: "rate_limit_exceeded",
    500: "internal_error",
    503: "quota_service_unavailable",
}


@dataclass(frozen=True)
class FaultyResponse(Response):
    """A response that is sent late, slowly, in part or not at all."""

    delay: float = 0
    """Seconds before the first byte."""
    drip: float = 0
    """Seconds before each byte of the body; 0 sends the body at once."""
    sent_bytes: int | None = None
    """Bytes of the body to send before closing the connection; None sends all and keeps it open."""
    dropped: bool = False
    """Whether the connection closes without a response."""


# Error responses


def error(
    status: int,
    code: str | None = None,
    message: str = "The sample is set to fail.",
    **details: str | None,
) -> Fault:
    """Return an error in the documented envelope; the default `code` depends on `status`."""
    code = code or _CODES.get(status, "unknown_error")
    response = error_response(status, code, message, **details)
    return lambda request, _: response


def bare(status: int, retry_after: float | None = None) -> Fault:
    """Return an error without an envelope, as a proxy in front of the API sends it."""
    headers = {"Content-Type": "text/plain", **_retry_after(retry_after)}
    response = Response(status, b"upstream says no", headers)
    return lambda request, _: response


def burst(
    retry_after: float | None = None,
    *,
    as_date: bool = False,
    code: str = "rate_limit_exceeded",
    limit_type: str | None = "burst",
) -> Fault:
    """Return a 429 for the burst limit; `as_date` sends Retry-After as an HTTP date."""
    response = error_response(429, code, "Too many requests.", limit_type=limit_type)

    def fault(request: Request, _: Response) -> Response:
        return replace(response, headers={**response.headers, **_retry_after(retry_after, as_date)})

    return fault


def quota(
    code: str = "quota_exceeded",
    limit_type: str | None = "daily_quota",
    reset_at: str | None = None,
) -> Fault:
    """Return a 429 for the daily quota; `reset_at` defaults to the next midnight (UTC).

    The documented `limit_type` is `daily_quota`; clients have also seen `quota_exceeded`.
    """

    def fault(request: Request, _: Response) -> Response:
        details = {"limit_type": limit_type, "reset_at": reset_at or next_midnight()}
        return error_response(429, code, "Daily quota spent.", **details)

    return fault


# Headers


def headers(**values: str) -> Fault:
    """Add or replace headers of the response: `headers(ETag='"1"', X_Quota_Remaining="0")`."""
    changed = {name.replace("_", "-"): value for name, value in values.items()}
    return lambda _, response: replace(response, headers={**response.headers, **changed})


def not_modified() -> Fault:
    """Return 304, even if the request has no condition, as a broken cache does."""
    return lambda request, _: Response(304)


# Wrong bodies


def edited(edit: Callable[[Any], object]) -> Fault:
    """Return the record changed by `edit(record)`; error responses stay unchanged."""

    def fault(_: Request, response: Response) -> Response:
        if response.status != 200:
            return response
        payload = json.loads(response.body)
        edit(payload)
        return json_response(payload)

    return fault


def changed(**fields: object) -> Fault:
    """Return the record with other values: `changed(id="another-model")`."""
    return edited(lambda record: record.update(fields))


def missing(*fields: str) -> Fault:
    """Return the record without these fields."""
    return edited(lambda record: [record.pop(name) for name in fields])


def oversized(megabytes: int = 11) -> Fault:
    """Return a valid record that is larger than `megabytes` MB."""
    return changed(description="x" * (megabytes << 20))


def html() -> Fault:
    """Return a bot challenge: an HTML page with status 200."""
    body = b"<!doctype html><title>Just a moment...</title>"
    page = Response(200, body, {"Content-Type": "text/html; charset=utf-8"})
    return lambda request, _: page


def empty() -> Fault:
    """Return status 200, the JSON content type and an empty body."""
    return lambda request, response: replace(response, body=b"")


def redirect(to: str, status: int = 302) -> Fault:
    """Return a redirect to the URL `to`; the client must not send the API key there."""
    return lambda request, _: Response(status, headers={"Location": to})


def cut_json() -> Fault:
    """Return half of the body. Content-Length matches this half, so only the JSON is broken."""

    def fault(_: Request, response: Response) -> Response:
        return replace(response, body=response.body[: len(response.body) // 2])

    return fault


def compressed() -> Fault:
    """Compress the body with gzip if the client accepts it.

    Not a fault: a valid response that the client must handle.
    """

    def fault(request: Request, response: Response) -> Response:
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return response
        headers = {**response.headers, "Content-Encoding": "gzip"}
        return replace(response, body=gzip.compress(response.body), headers=headers)

    return fault


def byte_order_mark() -> Fault:
    """Send a UTF-8 byte order mark before the body.

    Not a fault: a response that the client must handle.
    """
    return lambda request, response: replace(response, body=codecs.BOM_UTF8 + response.body)


def repeated_cursor() -> Fault:
    """Return a page whose `next_cursor` is the cursor of the page itself."""

    def fault(request: Request, response: Response) -> Response:
        cursor = parse_qs(request.query).get("cursor", [None])[-1]
        return changed(next_cursor=cursor)(request, response)

    return fault


def volatile_field() -> Fault:
    """Return a page with an undocumented field in every summary, each time with a new value."""
    values = itertools.count()
    return edited(lambda page: [entry.update(popularity=next(values)) for entry in page["models"]])


# Broken transfers


def cut_off() -> Fault:
    """Close the connection after half of the bytes that Content-Length announces."""
    return lambda request, response: _faulty(response, sent_bytes=len(response.body) // 2)


def dropped() -> Fault:
    """Close the connection without a response."""
    return lambda request, response: _faulty(response, dropped=True)


def slow(seconds: float) -> Fault:
    """Delay the response."""
    return lambda request, response: _faulty(response, delay=seconds)


def drip(seconds: float) -> Fault:
    """Send the body one byte at a time, pausing `seconds` before each byte.

    A client's read timeout applies to each read, so a timeout longer than `seconds` never expires.
    """
    return lambda request, response: _faulty(response, drip=seconds)


def _faulty(response: Response, **transfer: Any) -> Response:
    return FaultyResponse(**{**vars(response), **transfer})


# Combinations and helpers


def chain(*faults: Fault) -> Fault:
    """Apply several faults in order: `chain(oversized(), compressed())`."""

    def fault(request: Request, response: Response) -> Response:
        for each in faults:
            response = each(request, response)
        return response

    return fault


def next_midnight() -> str:
    """Return the next midnight in UTC, such as `2026-01-02T00:00:00Z`."""
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    return f"{tomorrow.isoformat()}T00:00:00Z"


def _retry_after(seconds: float | None, as_date: bool = False) -> dict[str, str]:
    if seconds is None:
        return {}
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=math.ceil(seconds))
    return {"Retry-After": format_datetime(moment, usegmt=True) if as_date else str(seconds)}
