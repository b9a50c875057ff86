"""HTTP transport: rate limit, request budget, quota, retries. All requests go through it.

Effect of each response and header:

    200, 404                        the body is returned
    304, conditional request        the empty body is returned
    304, unconditional request      the request is sent once more, bypassing caches
    401, 402, 403                   the key is rejected: fetching stops
    403 `feature_not_in_plan`       only this model fails, if the key was accepted before;
                                    otherwise fetching stops
    429 for a daily quota           fetching stops
    429, 5xx with Retry-After       fetching stops if Retry-After is over ten minutes
    other 429, 5xx, no response     retried a few times; Retry-After pauses all threads
    3xx and all others              the model fails
    X-Quota-Remaining               fetching stops when requests in flight could use up the quota
    X-RateLimit-Remaining: 0        pauses all threads until X-RateLimit-Reset

Redirects are not followed, so the key is never sent to another host.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable

import requests
import tenacity
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from llm_stats.api.admission import MAX_PAUSE_SECONDS, Admission
from llm_stats.api.quota import describe_reset
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.request import PendingRequest, RequestState
from llm_stats.api.responses import (
    BadResponse,
    Body,
    error_code,
    format_error,
    parse_error_body,
    quote_request_id,
    read_body,
    root_cause_message,
)
from llm_stats.api.stop import FetchingStopped
from llm_stats.http.auth import BearerAuth
from llm_stats.http.headers import read_request_id, read_validators, retry_after
from llm_stats.http.redirects import describe_redirect
from llm_stats.http.session import HttpSession

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 40  # the API has taken 24 s to reject a key
EXCHANGE_TIMEOUT_SECONDS = 180  # for a whole response
MAX_ATTEMPTS = 3  # attempts per request, including the first
BACKOFF_SECONDS = 0.5  # longest wait before the second attempt; doubled for each later one
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


class Transport:
    """A sender of HTTP requests for many threads, with retries.

    `admission` decides when a request may be sent. The client sets `key_accepted` if a record was
    received in this run or in an earlier run.
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
        state: RequestState,
    ) -> None:
        self.key_accepted = False
        self.redact, self._redact_body = auth.redact, auth.redact_body
        self._base_url = base_url
        self._now = clock
        self.admission = Admission(rate_limiter, max_requests, state, auth.redact)
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

        For a conditional request, the empty body of a 304 is also returned. Raises `BadResponse`
        for any other response, and `FetchingStopped` if fetching has stopped.
        """
        body = self._retrying.copy()(self._request_once, request)
        if body.status == 304 and not request.is_conditional:
            request.bypasses_caches = True
            body = self._retrying.copy()(self._request_once, request)
            if body.status == 304:
                message = (
                    "HTTP 304 for a request without a condition, twice: a cache between this "
                    "machine and the API is broken; bypass the proxy"
                )
                raise BadResponse(quote_request_id(message, body.request_id), status=304)
        return body

    def close(self) -> None:
        """Close the connections and the rate limiter."""
        self.admission.stopped.set()
        self._session.close()
        self.admission.rate_limiter.close()

    def _request_once(self, request: PendingRequest) -> Body:
        headers, order = self.admission.admit(request)
        try:
            response, content = self._send(request.url, headers)
        except BadResponse:
            self.admission.finish(order)
            raise
        # quota headers of a 5xx are ignored, because the API may have failed to read the quota
        is_quota_known = response.status_code < 500
        self.admission.finish(order, response.headers if is_quota_known else None)
        if response.status_code not in (200, 304, 404):
            raise self._handle_error_response(response, content, request)
        return Body(
            content,
            self._now(),
            response.status_code,
            read_validators(response.headers, self.redact),
            self.redact(read_request_id(response.headers)),
        )

    def _send(self, url: str, headers: dict[str, str]) -> tuple[requests.Response, bytes]:
        """Return the response and its body.

        Raises `BadResponse` if there is no response or its body cannot be read.
        """
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        try:
            with self._session.open(url, timeout, headers) as response:
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
        """Return the error for a status other than 200, 304 and 404.

        Stop or pause fetching if the response requires it. Raises `FetchingStopped` if a quota is
        exhausted.
        """
        status, reason = response.status_code, response.reason
        location = response.headers.get("Location")
        target = None if location is None else self.redact(location)
        redirect = describe_redirect(status, target, request.url, self._base_url)
        error = parse_error_body(content)
        if request_id := read_request_id(response.headers):
            error["request_id"] = request_id
        code, transient = error.get("code"), status == 429 or status >= 500
        message = format_error(status, error, self.redact, reason=reason, redirect=redirect)
        is_plan_limit = (status, code) == (403, "feature_not_in_plan")
        if status in (401, 402, 403) and not (self.key_accepted and is_plan_limit):
            self.admission.stop("unauthorized", f"the API rejected the key: {message}")
        elif transient:
            pause = retry_after(response.headers)
            reset = describe_reset(error.get("reset_at"), response.headers, pause)
            if status == 429 and {code, error.get("limit_type")} & _DAILY_QUOTA:
                message = f"the quota is spent: {message}; resets at: {reset}"
                raise FetchingStopped(self.admission.stop("quota", message))
            if (pause or 0) > MAX_PAUSE_SECONDS:
                message = f"the API requests a long pause: {message}; until: {reset}"
                raise FetchingStopped(self.admission.stop("quota", message))
            if status == 429 and pause is None:
                pause = DEFAULT_RETRY_AFTER_SECONDS[min(request.attempts, 2) - 1]
            self.admission.rate_limiter.pause(pause or 0)
        code = error_code(error, self.redact)
        return BadResponse(message, status=status, code=code, transient=transient)

    def _sleep(self, seconds: float) -> None:
        self.admission.stopped.wait(seconds)
