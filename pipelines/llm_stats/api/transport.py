"""HTTP transport: rate limit, request budget, retries. All requests go through it.

How a response affects later requests:

    200, 404                        the body is returned
    401, 402, 403                   the key is rejected: fetching stops
    403 `feature_not_in_plan`       only this model fails, if the key was accepted before;
                                    otherwise fetching stops
    429 for a daily quota           fetching stops
    429, 5xx with Retry-After       fetching stops if Retry-After is over ten minutes
    other 429, 5xx, no response     retried a few times; Retry-After pauses all threads
    3xx and all others              the model fails

Redirects are not followed, so the key is never sent to another host.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
import tenacity
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from llm_stats.api.auth import BearerAuth
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.redirects import describe_redirect
from llm_stats.api.responses import (
    BadResponse,
    Body,
    error_code,
    format_error,
    parse_error_body,
    quota_reset,
    read_body,
    retry_after,
    root_cause_message,
)
from llm_stats.api.session import HttpSession
from llm_stats.api.stop import FetchingStopped, StopKind, StopReason
from llm_stats.text import pluralize

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 40  # the API has taken 24 s to reject a key
EXCHANGE_TIMEOUT_SECONDS = 180  # for a whole response
MAX_ATTEMPTS = 3  # attempts per request, including the first
BACKOFF_SECONDS = 0.5  # longest wait before the second attempt; doubled for each later one
MAX_PAUSE_SECONDS = 600  # a longer Retry-After means that a quota is exhausted
#: Pauses in seconds after a 429 without Retry-After. The first value applies to the first attempt,
#: the second to later attempts. The second is long, because the API counts requests per minute.
DEFAULT_RETRY_AFTER_SECONDS = (2, 30)
_DAILY_QUOTA = {"daily_quota", "quota_exceeded"}
_CONNECTION_ERRORS = (
    requests.ConnectionError,
    requests.Timeout,
    ProtocolError,
    ReadTimeoutError,
)
_READ_ERRORS = (requests.RequestException, HTTPError, zlib.error, ValueError, OSError)


@dataclass
class PendingRequest:
    """One URL to fetch, with the number of requests sent for it so far and the start time."""

    url: str
    attempts: int = 0
    started: float = field(default_factory=time.monotonic)


class Transport:
    """A sender of HTTP requests for many threads: rate limit, request budget, retries.

    `stop_reason` is set when fetching stopped early. `requests_sent` includes retries. The client
    sets `key_accepted` if a record was received in this run or in an earlier run. `log_request` is
    called before each request; if it raises `OSError`, fetching stops.
    """

    def __init__(
        self,
        base_url: str,
        auth: BearerAuth,
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
        self.redact, self._redact_body = auth.redact, auth.redact_body
        self._base_url = base_url
        self._rate_limiter = rate_limiter
        self._max_requests = max_requests
        self._now = clock
        self._log_request = log_request
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._session = HttpSession(base_url, auth, concurrency, EXCHANGE_TIMEOUT_SECONDS)
        proxy = self._session.proxy
        self._origin = f"{base_url} through the proxy {proxy}" if proxy else base_url
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
        """Return the body of a 200 or 404 response, after retries if necessary.

        Raises `BadResponse` for any other response, `FetchingStopped` if fetching has stopped.
        """
        return self._retrying.copy()(self._request_once, request)

    def stop(self, kind: StopKind, message: str) -> StopReason:
        """Stop fetching in all threads; return the reason.

        A later reason replaces the reason `budget`. Any other reason is kept.
        """
        with self._lock:
            if self.stop_reason is None or self.stop_reason.kind == "budget":
                self.stop_reason = StopReason(kind, self.redact(message))
            self._stopped.set()
            return self.stop_reason

    def stop_sending(self) -> None:
        """Send no further requests; wake up waiting threads."""
        self._stopped.set()

    def close(self) -> None:
        """Close the connections and the rate limiter."""
        self.stop_sending()
        self._session.close()
        self._rate_limiter.close()

    def _request_once(self, request: PendingRequest) -> Body:
        self._acquire_slot(request)
        response, content = self._send(request.url)
        if response.status_code not in (200, 404):
            raise self._handle_error_response(response, content, request)
        return Body(content, self._now(), response.status_code)

    def _acquire_slot(self, request: PendingRequest) -> None:
        """Take one request from the budget, then wait for the rate limiter.

        A spent budget blocks new requests; requests already waiting for the rate limiter are still
        sent. Raises `FetchingStopped` if the request may not be sent.
        """
        with self._lock:
            if not self._stopped.is_set() and self.is_budget_spent:
                message = f"the budget of {pluralize(self._max_requests or 0, 'request')} is spent"
                self.stop_reason = self.stop_reason or StopReason("budget", message)
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
            message = f"a request could not be logged: {error}"
            raise FetchingStopped(self.stop("cache_error", message)) from None
        request.attempts += 1

    @property
    def is_budget_spent(self) -> bool:
        """Return whether all requests of the budget have been used."""
        return self._max_requests is not None and self.requests_sent >= self._max_requests

    def _require_open(self) -> None:
        if self._stopped.is_set():
            raise FetchingStopped(self.stop_reason or StopReason("closed", "fetching was ended"))

    def _send(self, url: str) -> tuple[requests.Response, bytes]:
        """Return the response and its body.

        Raises `BadResponse` if there is no response or its body cannot be read.
        """
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        try:
            with self._session.open(url, timeout) as response:
                return response, self._redact_body(read_body(response))
        except (*_CONNECTION_ERRORS, *_READ_ERRORS) as error:
            transient = isinstance(error, _CONNECTION_ERRORS)
            problem = "no response" if transient else "unreadable response"
            cause = self.redact(root_cause_message(error))[:200]
            message = f"{problem} from {self._origin}: {cause}"
            raise BadResponse(message, transient=transient) from None

    def _handle_error_response(
        self, response: requests.Response, content: bytes, request: PendingRequest
    ) -> BadResponse:
        """Return the error for a status other than 200 and 404; stop or pause fetching if needed.

        Raises `FetchingStopped` if a quota is exhausted.
        """
        status, reason = response.status_code, response.reason
        location = self.redact(response.headers.get("Location", "nowhere"))
        redirect = describe_redirect(location, request.url, self._base_url)
        error = parse_error_body(content)
        code, transient = error.get("code"), status == 429 or status >= 500
        message = format_error(status, error, self.redact, reason=reason, redirect=redirect)
        is_plan_limit = (status, code) == (403, "feature_not_in_plan")
        if status in (401, 402, 403) and not (self.key_accepted and is_plan_limit):
            self.stop("unauthorized", f"the API rejected the key: {message}")
        elif transient:
            pause = retry_after(response)
            reset = quota_reset(error, pause)
            if status == 429 and {code, error.get("limit_type")} & _DAILY_QUOTA:
                message = f"the quota is spent: {message}; resets at: {reset}"
                raise FetchingStopped(self.stop("quota", message))
            if (pause or 0) > MAX_PAUSE_SECONDS:
                message = f"the API requests a long pause: {message}; until: {reset}"
                raise FetchingStopped(self.stop("quota", message))
            if status == 429 and pause is None:
                pause = DEFAULT_RETRY_AFTER_SECONDS[min(request.attempts, 2) - 1]
            self._rate_limiter.pause(pause or 0)
        code = error_code(error, self.redact)
        return BadResponse(message, status=status, code=code, transient=transient)

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)
