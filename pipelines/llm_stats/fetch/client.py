"""Client of the model endpoints: reads the catalog and fetches records, with one outcome per id.

a record                             loaded
304 for a conditional request        not_modified
JSON that violates the contract      rejected
HTML, an empty body, invalid JSON    failed
404                                  not_found
no response, or an error status      failed
no result, because fetching stopped  deferred
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from llm_stats.api import responses
from llm_stats.api.quota import Quota
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.request import MemoryState, PendingRequest
from llm_stats.api.responses import BadResponse, Body, WrongCatalogRecord, quote_request_id
from llm_stats.api.stop import FetchingStopped, StopReason
from llm_stats.api.transport import BACKOFF_SECONDS, MAX_ATTEMPTS, Transport
from llm_stats.errors import RecordRejected
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.catalog import Catalog, CatalogReader
from llm_stats.fetch.circuit_breaker import CircuitBreaker
from llm_stats.fetch.thread_pool import DaemonThreadPool
from llm_stats.http.auth import BearerAuth
from llm_stats.schema.catalog import SummaryVersion
from llm_stats.schema.fetch import Fetch, FetchResult, Outcome, Validators
from llm_stats.schema.record import Record
from llm_stats.schema.rows import to_row

DRAIN_TIMEOUT_SECONDS = 3


class Client:
    """A client for one fetch, used from one thread; sends requests up to the rate limit.

    `max_requests` is the budget for all requests, including retries. `stop_reason` is set when
    fetching stopped early.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        rate_limiter: RateLimiter | None = None,
        concurrency: int = 8,
        max_requests: int | None = None,
        cache: ResponseCache | None = None,
        max_attempts: int = MAX_ATTEMPTS,
        backoff_seconds: float = BACKOFF_SECONDS,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._cache = cache
        self._threads = DaemonThreadPool(concurrency)
        self._now = clock or (lambda: dt.datetime.now(dt.UTC))
        self._transport = Transport(
            self.base_url,
            BearerAuth(api_key),
            rate_limiter=rate_limiter or RateLimiter(50),
            concurrency=concurrency,
            max_requests=max_requests,
            max_attempts=max_attempts,
            backoff_seconds=backoff_seconds,
            clock=self._now,
            state=cache or MemoryState(),
        )
        self._admission = self._transport.admission
        self._breaker = CircuitBreaker(self.base_url, self._admission.stop, self._loads_again)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop fetching. Wait up to 3 s for the responses to requests that were already sent.

        These requests count against the quota even if their responses are lost.
        """
        self._admission.stopped.set()
        self._threads.shutdown(DRAIN_TIMEOUT_SECONDS)
        self._transport.close()

    @property
    def stop_reason(self) -> StopReason | None:
        return self._admission.stop_reason

    @property
    def quota(self) -> Quota | None:
        """Return the quota after the last response; None if no usable headers came."""
        return self._admission.quota

    @property
    def is_base_url_confirmed(self) -> bool:
        """Return whether the base URL has returned the catalog or a known model."""
        return self._breaker.is_base_url_confirmed

    @property
    def requests_sent(self) -> int:
        return self._admission.requests_sent

    def fetch_models(
        self,
        model_ids: Sequence[str],
        fetched_at: Mapping[str, dt.datetime] | None = None,
        failing: Collection[str] = (),
        *,
        validators: Mapping[str, Validators] | None = None,
        max_ahead: int = 500,
    ) -> Iterator[FetchResult]:
        """Return an iterator over one result per id, in order of arrival.

        Calls for the first `max_ahead` ids are submitted at once, then one more for each result
        that the caller takes. If fetching stops, the remaining ids are `deferred`.

        `fetched_at` contains the fetch time of each model that loaded in an earlier run. Cached
        responses from before this time are ignored. The circuit breaker may request a few of these
        models. `failing` contains the ids that failed in earlier runs. The circuit breaker does not
        count new failures of these ids. `validators` contains the ETag and Last-Modified of records
        in the warehouse. The requests for these models are conditional.
        """
        stored_at, conditions = fetched_at or {}, validators or {}
        self._transport.key_accepted = bool(stored_at)
        due = set(model_ids)
        self._breaker.known_ids = sorted(
            stored_at.keys() - set(failing),
            key=lambda model_id: (model_id in due, stored_at[model_id]),
            reverse=True,
        )

        def fetch(model_id: str) -> FetchResult:
            request = self._model_request(model_id, conditions.get(model_id))
            is_failing = model_id in failing
            stored = stored_at.get(model_id)
            return self._fetch_one(model_id, request, stored, is_failing=is_failing)

        return self._until_end(self._threads.map_unordered(fetch, model_ids, max_ahead=max_ahead))

    def _until_end(self, results: Iterator[FetchResult]) -> Iterator[FetchResult]:
        """Yield the results; stop sending requests when the caller stops iterating."""
        try:
            yield from results
            self._breaker.finish(is_complete=self.stop_reason is None)
        finally:
            self._admission.stopped.set()

    def read_catalog(self, stored: Mapping[str, SummaryVersion] | None = None) -> Catalog:
        """Return the catalog (see `CatalogReader.read`)."""
        reader = CatalogReader(self.base_url, self._transport, self._now, self._threads.submit)
        catalog = reader.read(stored or {})
        self._breaker.is_base_url_confirmed = True
        return catalog

    def _fetch_one(
        self,
        model_id: str,
        request: PendingRequest,
        stored_at: dt.datetime | None,
        *,
        is_failing: bool,
    ) -> FetchResult:
        """Return the result for one id. An invalid response becomes a result, not an exception."""
        is_wrong_catalog = False
        try:
            cached = self._cache.get(request.url, since=stored_at) if self._cache else None
            body = cached or self._transport.get(request)
            is_modified = body.status != 304
            record = self._parse_and_cache(request, body, model_id) if is_modified else None
        except FetchingStopped as stopped:
            return self._result(model_id, request, "deferred", stopped.reason.message)
        except RecordRejected as error:
            is_wrong_catalog = isinstance(error, WrongCatalogRecord)
            message = quote_request_id(str(error), body.request_id)
            result = self._result(model_id, request, "rejected", message, http_status=200)
        except BadResponse as error:
            outcome: Outcome = "not_found" if error.status == 404 else "failed"
            status: dict[str, Any] = {"http_status": error.status, "error_code": error.code}
            result = self._result(model_id, request, outcome, str(error), **status)
        else:
            self._transport.key_accepted = True
            if record:
                content_hash = hashlib.blake2b(body.content, digest_size=16).hexdigest()
                row = to_row(record, body.received_at, content_hash, body.validators)
                result = self._result(model_id, request, "loaded", row=row, http_status=200)
            else:
                result = self._result(model_id, request, "not_modified", http_status=304)
        self._breaker.record(result.fetch, is_wrong_catalog=is_wrong_catalog, is_failing=is_failing)
        return result

    def _model_request(self, model_id: str, validators: Validators | None = None) -> PendingRequest:
        url = f"{self.base_url}/models/{quote(model_id, safe='')}"
        return PendingRequest(url, validators or Validators())

    def _loads_again(self, model_id: str) -> bool:
        """Request a model that loaded in an earlier run; return whether it loads again.

        The response is cached; if this run fetches the model later, it uses the cached response.
        Raises `FetchingStopped` if fetching has stopped.
        """
        request = self._model_request(model_id)
        try:
            body = self._transport.get(request)
            self._parse_and_cache(request, body, model_id)
        except (BadResponse, RecordRejected):
            return False
        return True

    def _result(
        self,
        model_id: str,
        request: PendingRequest,
        outcome: Outcome,
        message: str | None = None,
        row: dict[str, Any] | None = None,
        **status: Any,
    ) -> FetchResult:
        """Return a result; `http_status` and `error_code` may be given as keyword arguments."""
        fetch = Fetch(
            model_id=model_id,
            requested_at=self._now(),
            outcome=outcome,
            message=message and self._transport.redact(message),
            attempts=request.attempts,
            elapsed_ms=round((time.monotonic() - request.started) * 1000),
            **status,
        )
        return FetchResult(fetch, row)

    def _cache_body(self, request: PendingRequest, body: Body) -> None:
        """Cache a new response; stop fetching on a write error, so no further response is lost."""
        if self._cache and request.attempts:
            try:
                self._cache.put(request.url, body)
            except OSError as error:
                self._admission.stop("cache_error", f"a response could not be cached: {error}")

    def _parse_and_cache(self, request: PendingRequest, body: Body, model_id: str) -> Record:
        """Return the record in a body and cache the body.

        Rejected records and 404s are cached too, because a retry would cost a request and return
        the same response. Records of the wrong catalog and all other bad bodies are not cached.
        """
        try:
            record = responses.parse_record_body(
                body, model_id, self.base_url, self._transport.redact
            )
        except (RecordRejected, BadResponse) as error:
            is_rejected = isinstance(error, RecordRejected)
            if body.status == 404 or (is_rejected and not isinstance(error, WrongCatalogRecord)):
                self._cache_body(request, body)
            raise
        self._cache_body(request, body)
        return record
