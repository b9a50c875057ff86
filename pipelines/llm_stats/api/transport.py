"""The wire: the only place where requests leave. Each at its pace, within the budget, and again where that helps.

What an answer means for the requests that follow it:

    200, 404                      the body is handed on
    401, 402, 403                 everything stops: the key is refused; but once it is known to be good, a 403 for a feature that is not
                                  in the plan is unusable like the rest
    429, daily quota              everything stops until the quota resets
    429, burst; 5xx; no answer    everybody pauses if the server says so; tried again, a few times
    3xx and the rest              unusable (redirects are not followed, so the key goes nowhere else)
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import requests
import tenacity
import urllib3.exceptions as broken

from llm_stats.api.auth import BearerAuth, HttpSession
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.responses import (
    BadResponse,
    Body,
    error_code,
    format_error,
    parse_error_body,
    read_body,
    retry_after,
    root_cause_message,
)
from llm_stats.text import pluralize

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 40  # a refused key has been seen to take 24 s to come back
MAX_PAUSE_SECONDS = 600  # a longer Retry-After is a quota in all but name
DEFAULT_RETRY_AFTER_SECONDS = (
    2,
    30,
)  # after the first and any later 429 without Retry-After: limits are counted by the minute
_DAILY_QUOTA = {"daily_quota", "quota_exceeded"}

StopKind = Literal[
    "unauthorized", "quota", "budget", "unreachable", "wrong_base_url", "cache_error", "closed"
]


@dataclass(frozen=True)
class StopReason:
    """Why asking ended early."""

    kind: StopKind
    message: str


class FetchingStopped(Exception):
    """Nothing may be asked any more."""

    def __init__(self, stop: StopReason) -> None:
        super().__init__(stop.message)
        self.stop_reason = stop


@dataclass
class PendingRequest:
    """One URL on its way: how often it was asked for, and since when."""

    url: str
    attempts: int = 0
    started: float = field(default_factory=time.monotonic)


class Transport:
    """Sends requests for many threads. `stop` says why asking ended early; `requests_sent` counts all that left, retries too.

    `note` is called before each one leaves; an `OSError` of it stops everything. Set `is_key_good` once a record has come.
    """

    def __init__(
        self,
        base_url: str,
        key: BearerAuth,
        *,
        rate_limiter: RateLimiter,
        concurrency: int,
        max_requests: int | None,
        max_attempts: int,
        backoff_seconds: float,
        clock: Callable[[], dt.datetime],
        log_request: Callable[[], None],
    ) -> None:
        self.stop_reason: StopReason | None = None
        self.requests_sent = 0
        self.key_accepted = False
        self._base_url = base_url
        self.redact, self._redact_body = key.redact, key.redact_body
        self._rate_limiter = rate_limiter
        self._max_requests = max_requests
        self._now = clock
        self._log_request = log_request
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._session = HttpSession(base_url, key, concurrency)
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(max_attempts),
            wait=tenacity.wait_random_exponential(multiplier=backoff_seconds, max=30),
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, BadResponse) and error.transient
            ),
            sleep=self._sleep,
            reraise=True,
        )

    def get(self, request: PendingRequest) -> Body:
        """The body of a good response. Raises `Unusable` when there is none, `Stopped` when asking has ended."""
        return self._retrying.copy()(self._request_once, request)

    def stop(self, kind: StopKind, message: str) -> StopReason:
        """Stops asking, for everybody. The first reason stands, but any is graver than a spent budget."""
        with self._lock:
            if self.stop_reason is None or self.stop_reason.kind == "budget":
                self.stop_reason = StopReason(kind, self.redact(message))
            self._stopped.set()
            return self.stop_reason

    def stop_sending(self) -> None:
        """Lets nothing leave any more; those who wait, wake up."""
        self._stopped.set()

    def close(self) -> None:
        self.stop_sending()
        self._session.close()
        self._rate_limiter.close()

    def _request_once(self, request: PendingRequest) -> Body:
        """One request."""
        self._acquire_slot(request)
        response, content = self._send(request.url)
        if response.status_code not in (200, 404):
            raise self._handle_error_response(response, content, request.attempts)
        return Body(content, self._now(), response.status_code)

    def _acquire_slot(self, request: PendingRequest) -> None:
        """Takes one request from the budget, then waits for the pace. Raises `Stopped` if it may not leave.

        A spent budget stops only those who come for more: whoever waits for the pace has his request already.
        """
        with self._lock:
            if not self._stopped.is_set() and self._budget_exhausted():
                self.stop_reason = self.stop_reason or StopReason(
                    "budget",
                    f"the budget of {pluralize(self._max_requests or 0, 'request')} is spent",
                )
                raise FetchingStopped(self.stop_reason)
            self._require_open()
            self.requests_sent += 1
        self._rate_limiter.wait(self._stopped)
        with self._lock:
            if self._stopped.is_set():
                self.requests_sent -= 1
            self._require_open()
        try:
            self._log_request()
        except OSError as error:
            with self._lock:
                self.requests_sent -= 1
            raise FetchingStopped(
                self.stop("cache_error", f"a request could not be noted: {error}")
            ) from None
        request.attempts += 1

    def _budget_exhausted(self) -> bool:
        return self._max_requests is not None and self.requests_sent >= self._max_requests

    def _require_open(self) -> None:
        if self._stopped.is_set():
            raise FetchingStopped(self.stop_reason or StopReason("closed", "asking was ended"))

    def _send(self, url: str) -> tuple[requests.Response, bytes]:
        """Return the response and its body. Raises `BadResponse` if none arrives or it is unreadable."""
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        try:
            with self._session.get(
                url, stream=True, timeout=timeout, allow_redirects=False
            ) as response:
                return response, self._redact_body(read_body(response))
        except (
            requests.ConnectionError,
            requests.Timeout,
            broken.ProtocolError,
            broken.ReadTimeoutError,
        ) as error:
            raise BadResponse(
                f"no answer from {self._base_url}: {self.redact(root_cause_message(error))[:200]}",
                transient=True,
            ) from None
        except (
            requests.RequestException,
            broken.HTTPError,
            zlib.error,
            ValueError,
            OSError,
        ) as error:
            raise BadResponse(
                f"unreadable answer from {self._base_url}: {self.redact(root_cause_message(error))[:200]}"
            ) from None

    def _handle_error_response(
        self, response: requests.Response, content: bytes, attempts: int
    ) -> BadResponse:
        """What a response other than 200 means; stops or pauses everybody where it has to. Raises `Stopped` when the quota is spent."""
        status = response.status_code
        error = parse_error_body(content)
        location = response.headers.get("Location", "nowhere")
        message = format_error(
            status, error, self.redact, reason=response.reason, location=location
        )
        transient = status == 429 or status >= 500
        is_of_one_model = self.key_accepted and (status, error.get("code")) == (
            403,
            "feature_not_in_plan",
        )
        if status in (401, 402, 403) and not is_of_one_model:
            self.stop("unauthorized", f"the API refused the key: {message}")
        elif transient:
            pause = retry_after(response)
            if status == 429 and {error.get("code"), error.get("limit_type")} & _DAILY_QUOTA:
                raise FetchingStopped(
                    self.stop(
                        "quota",
                        f"the quota is spent: {message}; resets at: {_quota_reset(error, pause)}",
                    )
                )
            if (pause or 0) > MAX_PAUSE_SECONDS:
                raise FetchingStopped(
                    self.stop(
                        "quota",
                        f"the API asks for a long break: {message}; until: {_quota_reset(error, pause)}",
                    )
                )
            if status == 429 and pause is None:
                pause = DEFAULT_RETRY_AFTER_SECONDS[min(attempts, 2) - 1]
            self._rate_limiter.pause(pause or 0)
        return BadResponse(
            message, status=status, code=error_code(error, self.redact), transient=transient
        )

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)


def _quota_reset(error: dict[str, str], pause: float | None) -> str:
    """When the quota is there again, from the API's words or from Retry-After."""
    if "reset_at" in error:
        return error["reset_at"][:100]
    if pause is None:
        return "unknown"
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(seconds=min(pause, 10**8)):%Y-%m-%dT%H:%M:%SZ}"
