"""Planned features for the sample API: the real API documents them, but does not serve them yet.

- ETag and Last-Modified of records, and 304 for a conditional request;
- headers with the daily quota, the rate limit and a request id;
- Idempotency-Key: requests with the same key use one unit of the quota.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import time
from collections import deque
from dataclasses import replace
from email.utils import format_datetime
from typing import TYPE_CHECKING

from llm_stats.sample.http import Request, Response, error_response

if TYPE_CHECKING:
    from collections.abc import Mapping


class PlannedFeatures:
    """The planned features, with a count of the used units of the daily quota.

    A 200 costs one unit; 304 and errors are free. After `daily_quota` units, the API sends 429
    instead of 200. The rate limit `requests_per_minute` is sent in headers, but not enforced.
    Without `etags`, responses have only Last-Modified. Existing headers are not replaced.
    """

    def __init__(
        self,
        daily_quota: int | None = None,
        requests_per_minute: int | None = None,
        *,
        etags: bool = True,
    ) -> None:
        self.units = 0
        self._daily_quota, self._per_minute, self._etags = daily_quota, requests_per_minute, etags
        self._keys: set[str] = set()
        self._requests = 0
        self._arrivals: deque[float] = deque()
        self._lock = threading.Lock()

    def apply(self, request: Request, response: Response) -> Response:
        """Return the response with validators and headers, or a 304 or 429 response."""
        if request.model_id and response.status == 200:
            response = self._with_validators(response)
            if _is_unchanged(request.headers, response.headers):
                response = replace(response, status=304, body=b"")
        with self._lock:
            self._requests += 1
            if response.status == 200 and not self._spend_unit(request):
                reset_at = f"{_next_midnight():%Y-%m-%dT%H:%M:%SZ}"
                response = error_response(
                    429,
                    "quota_exceeded",
                    "Daily quota spent.",
                    limit_type="daily_quota",
                    reset_at=reset_at,
                )
            return replace(response, headers=self._quota_headers() | dict(response.headers))

    def _with_validators(self, response: Response) -> Response:
        validators = {}
        if last_modified := _last_modified(response.body):
            validators["Last-Modified"] = last_modified
        if self._etags:
            validators["ETag"] = f'"{hashlib.blake2b(response.body, digest_size=8).hexdigest()}"'
        return replace(response, headers=validators | dict(response.headers))

    def _spend_unit(self, request: Request) -> bool:
        """Count a unit for a new idempotency key; return False if the quota is spent."""
        key = request.headers.get("idempotency-key", f"request {self._requests}")
        if key in self._keys:
            return True
        if self._daily_quota is not None and self.units >= self._daily_quota:
            return False
        self._keys.add(key)
        self.units += 1
        return True

    def _quota_headers(self) -> dict[str, str]:
        now = dt.datetime.now(dt.UTC)
        headers = {
            "Date": format_datetime(now, usegmt=True),
            "X-LLM-Stats-Plan": "sample",
            "X-Request-ID": f"req-{self._requests}",
            "X-Quota-Used": str(self.units),
            "X-Quota-Limit": "unlimited",
        }
        if self._daily_quota is not None:
            headers |= {
                "X-Quota-Limit": str(self._daily_quota),
                "X-Quota-Remaining": str(self._daily_quota - self.units),
                "X-Quota-Reset": f"{_next_midnight().timestamp():.0f}",
            }
        if self._per_minute is not None:
            headers |= self._rate_limit_headers(self._per_minute, now)
        return headers

    def _rate_limit_headers(self, limit: int, now: dt.datetime) -> dict[str, str]:
        """Return the rate limit headers.

        The reset time is a minute after the oldest request of the last minute.
        """
        self._arrivals.append(time.monotonic())
        while self._arrivals[0] <= self._arrivals[-1] - 60:
            self._arrivals.popleft()
        seconds = 60 - (self._arrivals[-1] - self._arrivals[0])
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - len(self._arrivals))),
            "X-RateLimit-Reset": f"{now.timestamp() + seconds:.0f}",
        }


def _is_unchanged(condition: Mapping[str, str], validators: Mapping[str, str]) -> bool:
    """Return whether the condition of a request matches the validators of the response."""
    if etag := condition.get("if-none-match"):
        return etag == validators.get("ETag")
    since = condition.get("if-modified-since")
    return since is not None and since == validators.get("Last-Modified")


def _last_modified(body: bytes) -> str | None:
    """Return the `updated_at` of a record as an HTTP date; None if it is missing or invalid."""
    try:
        updated_at = dt.datetime.fromisoformat(json.loads(body)["updated_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return format_datetime(updated_at.astimezone(dt.UTC), usegmt=True)


def _next_midnight() -> dt.datetime:
    today = dt.datetime.now(dt.UTC).date()
    return dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), dt.UTC)
