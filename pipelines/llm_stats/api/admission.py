"""Admission control: whether and when a request may be sent (budget, quota, rate limit).

An admitted request is logged. It is in flight until its response arrives or is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from llm_stats.api.quota import Quota, QuotaMonitor, seconds_until_allowance
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.request import PendingRequest, RequestState
from llm_stats.api.stop import FetchingStopped, StopKind, StopReason
from llm_stats.text import pluralize

MAX_PAUSE_SECONDS = 600  # a longer Retry-After means that a quota is exhausted


class Admission:
    """Admission control for the requests of many threads.

    `stop_reason` is set when fetching stopped early. `requests_sent` includes retries. The event
    `stopped` is set when no further request may be sent. `state` logs each request before it is
    sent; an `OSError` from `state` stops fetching.
    """

    def __init__(
        self,
        rate_limiter: RateLimiter,
        max_requests: int | None,
        state: RequestState,
        redact: Callable[[str], str],
    ) -> None:
        self.stop_reason: StopReason | None = None
        self.requests_sent = 0
        self.stopped = threading.Event()
        self.rate_limiter = rate_limiter
        self._max_requests = max_requests
        self._state = state
        self._redact = redact
        self._lock = threading.RLock()
        self._quota = QuotaMonitor(redact)
        self._in_flight = 0

    @property
    def quota(self) -> Quota | None:
        """Return the latest known quota; None if no response had usable quota headers."""
        return self._quota.latest

    def stop(self, kind: StopKind, message: str) -> StopReason:
        """Stop fetching in all threads; return the reason.

        The first reason is kept, unless it is `budget`: a later reason replaces `budget`.
        """
        with self._lock:
            if self.stop_reason is None or self.stop_reason.kind == "budget":
                self.stop_reason = StopReason(kind, self._redact(message))
            self.stopped.set()
            return self.stop_reason

    def admit(self, request: PendingRequest) -> tuple[dict[str, str], int]:
        """Take one request from the budget, then wait for the rate limiter.

        Return the request's headers and an `order` to pass to `finish`. A spent budget blocks
        new requests; requests already waiting for the rate limiter are still sent. Raises
        `FetchingStopped` if the request may not be sent.
        """
        with self._lock:
            if not self.stopped.is_set() and self.is_budget_spent:
                message = f"the budget of {pluralize(self._max_requests or 0, 'request')} is spent"
                self.stop_reason = self.stop_reason or StopReason("budget", message)
                raise FetchingStopped(self.stop_reason)
            self._require_open()
            self.requests_sent += 1
        self.rate_limiter.wait(self.stopped)
        try:
            with self._lock:
                self._require_open()
                self._in_flight += 1
                order = self._quota.sending()
            try:
                headers = request.headers(self._state.idempotency_seed())
                self._state.log_request()
            except OSError as error:
                self.finish(order)
                message = f"a request could not be logged: {error}"
                raise FetchingStopped(self.stop("cache_error", message)) from None
        except FetchingStopped:
            with self._lock:
                self.requests_sent -= 1
            raise
        request.attempts += 1
        return headers, order

    def finish(self, order: int, headers: Mapping[str, str] | None = None) -> None:
        """Count a request as no longer in flight, and read the quota from its response's headers.

        All threads pause if the minute's allowance is spent and the response has no Retry-After.
        """
        with self._lock:
            self._in_flight -= 1
            if headers is None:
                return
            if self._quota.update(order, headers) and self._quota.latest:
                self._state.store_quota(self._quota.latest)
        if "Retry-After" not in headers:
            self.rate_limiter.pause(min(seconds_until_allowance(headers), MAX_PAUSE_SECONDS))

    @property
    def is_budget_spent(self) -> bool:
        """Return whether all requests of the budget have been used."""
        return self._max_requests is not None and self.requests_sent >= self._max_requests

    def _require_open(self) -> None:
        """Raise `FetchingStopped` if fetching has stopped or the quota is spent."""
        if self.stopped.is_set():
            raise FetchingStopped(self.stop_reason or StopReason("closed", "fetching was ended"))
        if shortage := self._quota.describe_shortage(self._in_flight):
            raise FetchingStopped(self.stop("quota", shortage))
