"""What is asked of the API, and what its answers mean: one outcome for every id.

    a record                          loaded
    JSON that is not the record       rejected
    HTML, nothing, broken JSON        failed
    404                               not_found
    no answer after a few tries       failed
    not asked, for asking stopped     deferred

How requests leave, and what stops them at once, is `wire.py`; when to give up on an API, `patience.py`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote, urlencode

from llm_stats.api import responses
from llm_stats.api.auth import BearerAuth
from llm_stats.api.cache import ResponseCache
from llm_stats.api.circuit_breaker import CircuitBreaker
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.api.responses import BadResponse, Body, WrongCatalogRecord, parse_error_body
from llm_stats.api.thread_pool import DaemonThreadPool
from llm_stats.api.transport import FetchingStopped, PendingRequest, StopReason, Transport
from llm_stats.errors import NothingFetched, QuotaSpent, RecordRejected
from llm_stats.schema import record
from llm_stats.schema.fetch import Fetch, FetchResult, Outcome
from llm_stats.schema.rows import to_row
from llm_stats.settings import clean_model_ids, is_valid_model_id

DRAIN_TIMEOUT_SECONDS = 3


class Client:
    """Fetches model records, as fast as the pace allows and never faster; safe to use once, from one thread.

    `max_requests` is a budget for everything that leaves, retries included. `stop` says, afterwards, why asking ended early.
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
        max_attempts: int = 3,
        backoff_seconds: float = 0.5,
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
            log_request=cache.log_request if cache else lambda: None,
        )
        self._is_listed = False

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends asking. What is in flight has a few seconds to arrive, for it is paid for."""
        self._transport.stop_sending()
        self._threads.shutdown(DRAIN_TIMEOUT_SECONDS)
        self._transport.close()

    @property
    def stop_reason(self) -> StopReason | None:
        return self._transport.stop_reason

    @property
    def requests_sent(self) -> int:
        return self._transport.requests_sent

    def fetch_models(
        self,
        model_ids: Sequence[str],
        fetched_at: Mapping[str, dt.datetime] | None = None,
        failing: Collection[str] = (),
        *,
        max_ahead: int = 200,
    ) -> Iterator[FetchResult]:
        """Return an iterator over one result per id, in order of arrival.

        The first requests are sent at once; at most `max_ahead` models are requested before the
        caller takes their results. Ids that were not requested because fetching stopped are
        `deferred`. `fetched_at` holds the age of the records that the caller has: nothing older is
        taken from the cache. `failing` are ids that failed in earlier runs; their failures do not
        open the circuit breaker.
        """
        known = fetched_at or {}
        self._transport.key_accepted = bool(known)
        self._breaker = CircuitBreaker(
            self.base_url, self._transport.stop, is_listed=self._is_listed
        )
        arrived: SimpleQueue[Future[FetchResult]] = SimpleQueue()
        waiting = iter(model_ids)

        def ask(most: int) -> None:
            for model_id in islice(waiting, most):
                call = partial(
                    self._fetch_one, model_id, known.get(model_id), is_failing=model_id in failing
                )
                self._threads.submit(call).add_done_callback(arrived.put)

        def answers() -> Iterator[FetchResult]:
            try:
                for _ in model_ids:
                    future = arrived.get()
                    ask(1)
                    yield future.result()
                self._breaker.finish(is_complete=self.stop_reason is None)
            finally:
                self._transport.stop_sending()

        ask(max_ahead)
        return answers()

    def list_models(self) -> list[str]:
        """Every id the API lists. Raises `NothingFetched` or `QuotaSpent`, for without the list there is nothing to ask for."""
        try:
            try:
                ids = _list_model_ids(
                    self.base_url,
                    lambda request: self._page(request, self._cache),
                    self._cache_body,
                )
            except BadResponse as error:
                if error.code != "cursor_expired":
                    raise
                ids = _list_model_ids(
                    self.base_url, lambda request: self._page(request, None), self._cache_body
                )  # it was kept by a run that was killed
        except FetchingStopped as stopped:
            raise (
                QuotaSpent if stopped.stop_reason.kind in ("quota", "budget") else NothingFetched
            )(stopped.stop_reason.message) from None
        except BadResponse as error:
            doubt = "; wrong base URL?" if error.status == 404 else ""
            raise NothingFetched(
                self.stop_reason.message
                if self.stop_reason
                else f"the list of models could not be read: {error}{doubt}"
            ) from None
        self._is_listed = True
        return ids

    def _page(self, request: PendingRequest, cache: ResponseCache | None) -> Body:
        body = (cache and cache.get(request.url)) or self._transport.get(request)
        if body.status == 404 or parse_error_body(body.content):
            raise responses.error_from_body(body, self._transport.redact)
        return body

    def _fetch_one(
        self, model_id: str, known_since: dt.datetime | None, *, is_failing: bool
    ) -> FetchResult:
        """The answer for one id; never raises for anything the API does."""
        request = PendingRequest(f"{self.base_url}/models/{quote(model_id, safe='')}")
        is_wrong_catalog = False
        try:
            body = self._cached_body(request, known_since) or self._transport.get(request)
            loaded = self._parse(request, body, model_id)
        except FetchingStopped as stopped:
            return self._answer(model_id, request, "deferred", stopped.stop_reason.message)
        except RecordRejected as error:
            is_wrong_catalog = isinstance(error, WrongCatalogRecord)
            answer = self._answer(model_id, request, "rejected", str(error), http_status=200)
        except BadResponse as error:
            outcome: Outcome = "not_found" if error.status == 404 else "failed"
            answer = self._answer(
                model_id,
                request,
                outcome,
                str(error),
                http_status=error.status,
                error_code=error.code,
            )
        else:
            self._transport.key_accepted = True
            row = to_row(
                loaded, body.arrived_at, hashlib.blake2b(body.content, digest_size=16).hexdigest()
            )
            answer = self._answer(model_id, request, "loaded", row=row, http_status=200)
        if answer.row is not None or not is_failing:
            self._breaker.record(answer.fetch, is_wrong_catalog=is_wrong_catalog)
        return answer

    def _answer(
        self,
        model_id: str,
        request: PendingRequest,
        outcome: Outcome,
        message: str | None = None,
        row: dict[str, Any] | None = None,
        **said: Any,
    ) -> FetchResult:
        """An answer; `said` are the HTTP status and the API's error code, under their names in `record.Fetch`."""
        fetch = Fetch(
            model_id=model_id,
            requested_at=self._now(),
            outcome=outcome,
            message=message and self._transport.redact(message),
            attempts=request.attempts,
            elapsed_ms=round((time.monotonic() - request.started) * 1000),
            **said,
        )
        return FetchResult(fetch, row)

    def _cached_body(self, request: PendingRequest, known_since: dt.datetime | None) -> Body | None:
        """What an earlier run paid for, unless something newer was published since."""
        kept = self._cache.get(request.url) if self._cache else None
        return None if kept and known_since and kept.arrived_at < known_since else kept

    def _cache_body(self, request: PendingRequest, body: Body) -> None:
        """Saves what was paid for. When the disk does not take it, nothing more is asked: it would be lost too."""
        if self._cache and request.attempts:
            try:
                self._cache.put(request.url, body)
            except OSError as error:
                self._transport.stop("cache_error", f"a response could not be kept: {error}")

    def _parse(self, request: PendingRequest, body: Body, model_id: str) -> record.Record:
        """The record in a body; kept, as are a bad record and a 404, for they are this API's answers to the question."""
        try:
            loaded = responses.parse_record_body(
                body, model_id, self.base_url, self._transport.redact
            )
        except (RecordRejected, BadResponse) as error:
            if body.status == 404 or (
                isinstance(error, RecordRejected) and not isinstance(error, WrongCatalogRecord)
            ):
                self._cache_body(request, body)
            raise
        self._cache_body(request, body)
        return loaded


_PAGE_SIZE = 200


def _list_model_ids(
    base_url: str,
    ask: Callable[[PendingRequest], Body],
    keep: Callable[[PendingRequest, Body], None],
) -> list[str]:
    """Every id on the list. It ends with the last cursor, or with a page that brings nothing new: cursors alone could go on for ever.

    `ask` gets a page, `keep` saves it. Raises `NothingFetched` if it is no list or an empty one, and what `ask` raises.
    """
    ids: dict[str, None] = {}
    cursor = None
    while True:
        request = PendingRequest(
            f"{base_url}/models?{urlencode({'limit': _PAGE_SIZE} | ({'cursor': cursor} if cursor else {}))}"
        )
        body = ask(request)
        found, cursor = _parse_page(body.content, base_url)
        keep(request, body)
        new = dict.fromkeys(found).keys() - ids.keys()
        ids |= dict.fromkeys(found)
        if not cursor or not new:
            break
    if not (
        askable := [
            model_id for model_id in clean_model_ids(list(ids)) if is_valid_model_id(model_id)
        ]
    ):
        raise NothingFetched(f"{base_url}/models lists no models; wrong base URL?")
    return askable


def _parse_page(content: bytes, base_url: str) -> tuple[list[str], str | None]:
    """The ids of a page, and the cursor of the next."""
    try:
        page = json.loads(content)
        return [str(entry["id"] or "") for entry in page["models"]], page.get("next_cursor")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NothingFetched(
            f"{base_url}/models did not answer a list of models; wrong base URL?"
        ) from None
