"""Quota headers: how much of the daily quota and of the minute's allowance is left.

    X-Quota-Limit: 250        X-RateLimit-Limit: 50       X-LLM-Stats-Plan: community
    X-Quota-Used: 238         X-RateLimit-Remaining: 0    X-Request-ID: req_8d7f
    X-Quota-Remaining: 12     X-RateLimit-Reset: 1795996800
    X-Quota-Reset: 1796083200

The API documents these headers, but a response can lack them. `Reset` is a Unix time by the
server's clock, so it is compared with the header `Date`. The quota is ignored if its limit is
`unlimited` or its reset is in the past. An invalid number or time counts as missing.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from llm_stats.http.headers import printable, server_time
from llm_stats.text import pluralize

_MAX_PLAN_LENGTH = 50
#: A reset more than a year ahead is taken for a mistake, and ignored.
_MAX_RESET = dt.timedelta(days=366)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Quota:
    """The quota after a response: units, time of the reset (UTC), and name of the plan."""

    remaining: int
    limit: int | None = None
    used: int | None = None
    reset_at: dt.datetime | None = None
    plan: str | None = None

    def __str__(self) -> str:
        """Return `12 of 250 units left until 2026-11-29T00:00:00Z (plan community)`."""
        total = f" of {self.limit}" if self.limit is not None else ""
        unit = "unit" if (self.limit or self.remaining) == 1 else "units"
        until = f" until {self.reset_at:%Y-%m-%dT%H:%M:%SZ}" if self.reset_at else ""
        return f"{self.remaining}{total} {unit} left{until}" + (
            f" (plan {self.plan})" if self.plan else ""
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        reset_at = f"{self.reset_at:%Y-%m-%dT%H:%M:%SZ}" if self.reset_at else None
        return asdict(self) | {"reset_at": reset_at}


class QuotaMonitor:
    """The state of the quota, for many threads.

    Responses to concurrent requests arrive in any order. If a request was sent after the known
    state arrived, its response replaces the known state. For any other response, the order is
    unknown, and the smaller `remaining` is kept. Callers hold a lock.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self.latest: Quota | None = None
        self._expires_at: float | None = None
        self._arrived_at = 0
        self._arrivals = 0

    def sending(self) -> int:
        """Return the number of quota states so far, to pass to `update` as `sent`."""
        return self._arrivals

    def update(self, sent: int, headers: Mapping[str, str]) -> bool:
        """Read the headers of a response; return whether they changed `latest`."""
        now = server_time(headers)
        quota = _read_quota(headers, now, self._redact)
        if quota is None:
            return False
        self._arrivals += 1
        is_newer = sent >= self._arrived_at
        if is_newer or self.latest is None or quota.remaining < self.latest.remaining:
            self.latest, self._arrived_at = quota, self._arrivals
            seconds = (quota.reset_at - now).total_seconds() if quota.reset_at else None
            self._expires_at = None if seconds is None else time.monotonic() + seconds
            return True
        return False

    def describe_shortage(self, in_flight: int) -> str | None:
        """Return a message if the requests in flight could use up the quota; otherwise None."""
        quota = self.latest
        if quota is None or quota.remaining > in_flight:
            return None
        if self._expires_at is not None and time.monotonic() >= self._expires_at:
            return None  # the quota has been reset
        waiting = f" with {pluralize(in_flight, 'request')} in flight" if in_flight else ""
        return f"the quota is spent: {quota}{waiting}"


def seconds_until_allowance(headers: Mapping[str, str]) -> float:
    """Return the seconds until the minute's allowance resets; 0 if some of it is left."""
    if _number(headers, "X-RateLimit-Remaining") != 0:
        return 0
    now = server_time(headers)
    reset_at = _time(headers, "X-RateLimit-Reset")
    return max(0.0, (reset_at - now).total_seconds()) if reset_at else 0


def describe_reset(
    reset_at: str | None, headers: Mapping[str, str], retry_after_seconds: float | None
) -> str:
    """Return the time when the quota resets, for a message.

    The time comes from the error body (`reset_at`), from the headers or from Retry-After. If
    none of them has a time, return `unknown`.
    """
    if reset_at is not None:
        return reset_at[:100]
    now = server_time(headers)
    time_in_header = _time(headers, "X-Quota-Reset")
    if time_in_header and time_in_header > now:
        return f"{time_in_header:%Y-%m-%dT%H:%M:%SZ}"
    if retry_after_seconds is None:
        return "unknown"
    time_after_pause = now + dt.timedelta(seconds=min(retry_after_seconds, 10**8))
    return f"{time_after_pause:%Y-%m-%dT%H:%M:%SZ}"


def _read_quota(
    headers: Mapping[str, str], now: dt.datetime, redact: Callable[[str], str]
) -> Quota | None:
    """Return the quota in the headers.

    Return None if the number of units left is missing, the limit is `unlimited`, or the reset is in
    the past. A limit below the number of units left is ignored.
    """
    remaining, limit = (_number(headers, f"X-Quota-{name}") for name in ("Remaining", "Limit"))
    reset_at = _time(headers, "X-Quota-Reset")
    is_unlimited = headers.get("X-Quota-Limit", "").strip() == "unlimited"
    if remaining is None or is_unlimited or (reset_at and reset_at <= now):
        return None
    plan = printable(headers.get("X-LLM-Stats-Plan"), _MAX_PLAN_LENGTH)
    return Quota(
        remaining,
        limit if limit is not None and limit >= remaining else None,
        _number(headers, "X-Quota-Used"),
        reset_at if reset_at and reset_at - now < _MAX_RESET else None,
        plan and redact(plan),
    )


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None


def _time(headers: Mapping[str, str], name: str) -> dt.datetime | None:
    """Return the Unix time in a header (UTC); None for a value that is not a time."""
    seconds = _number(headers, name)
    try:
        return None if seconds is None else _EPOCH + dt.timedelta(seconds=seconds)
    except OverflowError:
        return None
