"""All that can go wrong between a client and the API, for tests.

A fault takes a request and the answer it would get, and gives the answer it does get. The first group below says *what* goes wrong,
the second *when*; they combine freely, and `SampleApi` takes them for single models or routes, or for every request:

    SampleApi(
        faults={"aurora-large-1": html(), "kestrel-2-pro": first(2, error(500)), LIST: error(503)},
        everywhere=[at_most(10, seconds=1), every(5, dropped()), after(150, quota())],
    )
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from llm_stats.sample import exchange
from llm_stats.sample.exchange import Request, Response

Fault = Callable[[Request, Response], Response]

#: The route that can be given a fault, like the id of a model.
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


# What goes wrong: the API says no.


def error(status: int, code: str | None = None, message: str = "The sample was told to fail.", **details: str | None) -> Fault:
    """An error in the documented envelope; without a code, the usual one of that status."""
    answer = exchange.error(status, code or _CODES.get(status, "unknown_error"), message, **details)
    return lambda request, _: answer


def bare(status: int, retry_after: float | None = None) -> Fault:
    """An error without envelope, as a proxy in front of the API would send it."""
    answer = Response(status, b"upstream says no", {"Content-Type": "text/plain", **_retry_after(retry_after)})
    return lambda request, _: answer


def burst(
    retry_after: float | None = None, *, as_date: bool = False, code: str = "rate_limit_exceeded", limit_type: str | None = "burst"
) -> Fault:
    """Too many requests at once: a 429 to wait out. `as_date`: Retry-After as an HTTP date instead of seconds."""
    answer = exchange.error(429, code, "Too many requests.", limit_type=limit_type)
    return lambda request, _: replace(answer, headers={**answer.headers, **_retry_after(retry_after, as_date)})


def quota(code: str = "quota_exceeded", limit_type: str | None = "daily_quota", reset_at: str | None = None) -> Fault:
    """The day's quota is spent: a 429 to stop at. Without `reset_at`, it resets at the next midnight (UTC).

    Seen spellings, in `code` or in `limit_type`: `daily_quota`, `quota_exceeded`.
    """
    return lambda request, _: exchange.error(429, code, "Daily quota spent.", limit_type=limit_type, reset_at=reset_at or next_midnight())


# What goes wrong: the answer is not what was asked for.


def edited(edit: Callable[[Any], object]) -> Fault:
    """The record after `edit(record)`; an error stays as it is."""

    def fault(_: Request, answer: Response) -> Response:
        if answer.status != 200:
            return answer
        payload = json.loads(answer.body)
        edit(payload)
        return exchange.as_json(payload)

    return fault


def changed(**fields: object) -> Fault:
    """The record with other values: `changed(id="another-model")`, `changed(providers="none")`."""
    return edited(lambda record: record.update(fields))


def missing(*fields: str) -> Fault:
    """The record without some of its fields."""
    return edited(lambda record: [record.pop(name) for name in fields])


def oversized(megabytes: int = 11) -> Fault:
    """A valid record that is far too long."""
    return changed(description="x" * (megabytes << 20))


def html() -> Fault:
    """A bot challenge: a page with status 200."""
    page = Response(200, b"<!doctype html><title>Just a moment...</title>", {"Content-Type": "text/html; charset=utf-8"})
    return lambda request, _: page


def empty() -> Fault:
    """Status 200, JSON by its header, and nothing in it."""
    return lambda request, answer: replace(answer, body=b"")


def redirect(to: str, status: int = 302) -> Fault:
    """Elsewhere: whoever follows must not take the key along."""
    return lambda request, _: Response(status, headers={"Location": to})


# What goes wrong: the answer travels badly.


def cut_json() -> Fault:
    """Half the body, with a Content-Length that agrees: only the JSON is broken."""
    return lambda request, answer: replace(answer, body=answer.body[: len(answer.body) // 2])


def cut_off() -> Fault:
    """The connection closes after half of what Content-Length promised."""
    return lambda request, answer: replace(answer, sends=len(answer.body) // 2)


def dropped() -> Fault:
    """The connection closes without an answer."""
    return lambda request, answer: replace(answer, dropped=True)


def slow(seconds: float) -> Fault:
    """Nothing comes for a while, then all of it."""
    return lambda request, answer: replace(answer, delay=answer.delay + seconds)


def drip(seconds: float) -> Fault:
    """The body comes byte by byte, with a pause before each: no read timeout ever strikes."""
    return lambda request, answer: replace(answer, drip=seconds)


def compressed() -> Fault:
    """No fault: gzip, for clients that accept it."""

    def fault(request: Request, answer: Response) -> Response:
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return answer
        return replace(answer, body=gzip.compress(answer.body), headers={**answer.headers, "Content-Encoding": "gzip"})

    return fault


# When it goes wrong.


def chain(*faults: Fault) -> Fault:
    """One fault upon the other: `chain(oversized(), compressed())`."""

    def fault(request: Request, answer: Response) -> Response:
        for each in faults:
            answer = each(request, answer)
        return answer

    return fault


def first(count: int, fault: Fault) -> Fault:
    """The first requests for each path fail."""
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def sometimes(request: Request, answer: Response) -> Response:
        with lock:
            seen[request.path] += 1
            fails = seen[request.path] <= count
        return fault(request, answer) if fails else answer

    return sometimes


def every(nth: int, fault: Fault) -> Fault:
    """Each nth request fails, whatever it asks for."""
    seen = 0
    lock = threading.Lock()

    def sometimes(request: Request, answer: Response) -> Response:
        nonlocal seen
        with lock:
            seen += 1
            fails = seen % nth == 0
        return fault(request, answer) if fails else answer

    return sometimes


def after(count: int, fault: Fault) -> Fault:
    """Once this many answers of status 200 have gone out, every request fails. Put it last: what an earlier fault took is not counted."""
    served = 0
    lock = threading.Lock()

    def sometimes(request: Request, answer: Response) -> Response:
        nonlocal served
        with lock:
            if served < count:
                served += answer.status == 200
                return answer
        return fault(request, answer)

    return sometimes


def at_most(count: int, seconds: float) -> Fault:
    """A rate limit over a sliding window: what exceeds it gets a burst 429 with the time until there is room again, and is not counted."""
    arrivals: deque[float] = deque()
    lock = threading.Lock()

    def limit(request: Request, answer: Response) -> Response:
        with lock:
            while arrivals and arrivals[0] <= request.at - seconds:
                arrivals.popleft()
            if len(arrivals) < count:
                arrivals.append(request.at)
                return answer
            wait = arrivals[0] + seconds - request.at
        return burst(retry_after=math.ceil(wait))(request, answer)

    return limit


def next_midnight() -> str:
    """`2026-01-02T00:00:00Z`"""
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    return f"{tomorrow.isoformat()}T00:00:00Z"


def _retry_after(seconds: float | None, as_date: bool = False) -> dict[str, str]:
    if seconds is None:
        return {}
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=math.ceil(seconds))
    return {"Retry-After": format_datetime(moment, usegmt=True) if as_date else str(seconds)}
