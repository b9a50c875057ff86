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

import contextlib
import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote

from llm_stats.api import reply
from llm_stats.api.auth import Key
from llm_stats.api.cache import ResponseCache
from llm_stats.api.circuit_breaker import Patience
from llm_stats.api.listing import list_ids
from llm_stats.api.rate_limit import Pace
from llm_stats.api.reply import LookAlike
from llm_stats.api.responses import Body, Unusable, envelope
from llm_stats.api.thread_pool import Crew
from llm_stats.api.transport import Errand, Stop, Stopped, Wire
from llm_stats.errors import NothingFetched, QuotaSpent, RecordRejected
from llm_stats.schema import record

ACCOUNT_TIMEOUT_SECONDS = 7  # and the time to leave: ten in all
LEAVE_WITHIN_SECONDS = 3
_MOST_AHEAD = 500  # answers that nobody has taken yet: more would only fill the memory


@dataclass(frozen=True)
class Answer:
    """What became of one id: the row of `raw.fetches`, and the row of `raw.models` if the record was loaded."""

    fetch: record.Fetch
    row: dict[str, Any] | None = None


class Client:
    """Fetches model records, as fast as the pace allows and never faster; safe to use once, from one thread.

    `max_requests` is a budget for everything that leaves, retries included. `stop` says, afterwards, why asking ended early.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        pace: Pace | None = None,
        concurrency: int = 8,
        max_requests: int | None = None,
        cache: ResponseCache | None = None,
        tries: int = 3,
        backoff_seconds: float = 0.5,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._cache = cache
        self._crew = Crew(concurrency)
        self._now = clock or (lambda: dt.datetime.now(dt.UTC))
        self._wire = Wire(
            self.base_url,
            Key(api_key),
            pace=pace or Pace(50),
            concurrency=concurrency,
            max_requests=max_requests,
            tries=tries,
            backoff_seconds=backoff_seconds,
            clock=self._now,
            note=cache.note_request if cache else lambda: None,
        )
        self._is_listed = False
        self._account: tuple[Future[bytes | None], float] | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends asking. What is in flight has a few seconds to arrive, for it is paid for."""
        self._wire.end()
        self._crew.dismiss(LEAVE_WITHIN_SECONDS)
        self._wire.close()

    @property
    def stop(self) -> Stop | None:
        return self._wire.stop

    @property
    def requests_sent(self) -> int:
        return self._wire.requests_sent

    def fetch(
        self, model_ids: Sequence[str], fetched_at: Mapping[str, dt.datetime] | None = None, failing: Collection[str] = ()
    ) -> Iterator[Answer]:
        """One answer for every id, as they arrive; ids not asked for because asking stopped come as `deferred`. Asking begins at once.

        `fetched_at` says how old the records are that one has already: nothing older is taken from the cache. `failing` are ids that
        failed in earlier runs: when they fail again, that is no reason to give up.
        """
        known = fetched_at or {}
        self._wire.is_key_good = bool(known)
        self._patience = Patience(self.base_url, self._wire.halt, is_listed=self._is_listed)
        arrived: SimpleQueue[Future[Answer]] = SimpleQueue()
        waiting = iter(model_ids)

        def ask(most: int) -> None:
            for model_id in islice(waiting, most):
                call = partial(self._fetch_one, model_id, known.get(model_id), is_failing=model_id in failing)
                self._crew.submit(call).add_done_callback(arrived.put)

        def answers() -> Iterator[Answer]:
            try:
                for _ in model_ids:
                    future = arrived.get()
                    ask(1)
                    yield future.result()
                self._patience.conclude(is_complete=self.stop is None)
            finally:
                self._wire.end()

        ask(_MOST_AHEAD)
        return answers()

    def list_ids(self) -> list[str]:
        """Every id the API lists. Raises `NothingFetched` or `QuotaSpent`, for without the list there is nothing to ask for."""
        try:
            try:
                ids = list_ids(self.base_url, lambda errand: self._page(errand, self._cache), self._keep)
            except Unusable as error:
                if error.code != "cursor_expired":
                    raise
                ids = list_ids(self.base_url, lambda errand: self._page(errand, None), self._keep)  # it was kept by a run that was killed
        except Stopped as stopped:
            raise (QuotaSpent if stopped.stop.kind in ("quota", "budget") else NothingFetched)(stopped.stop.message) from None
        except Unusable as error:
            doubt = "; wrong base URL?" if error.status == 404 else ""
            raise NothingFetched(self.stop.message if self.stop else f"the list of models could not be read: {error}{doubt}") from None
        self._is_listed = True
        return ids

    def ask_account(self) -> None:
        """Asks what the API says of the key's quota (`GET /account`), if nothing graver than a budget stopped it and the pace allows.

        It is a courtesy that costs no quota: nobody waits for it, but for `account`.
        """
        if self._wire.may_glance():
            call = partial(self._wire.glance, f"{self.base_url}/account")
            self._account = self._crew.submit(call), time.monotonic() + ACCOUNT_TIMEOUT_SECONDS

    def account(self) -> dict[str, Any] | None:
        """What came of `ask_account`, within a few seconds of it; None where the API does not offer that."""
        answer = None
        if self._account:
            future, deadline = self._account
            with contextlib.suppress(ValueError, RecursionError, TimeoutError):
                answer = json.loads(future.result(max(0.0, deadline - time.monotonic())) or b"null")
        return answer if isinstance(answer, dict) else None

    def _page(self, errand: Errand, cache: ResponseCache | None) -> Body:
        body = (cache and cache.get(errand.url)) or self._wire.get(errand)
        if body.status == 404 or envelope(body.content):
            raise reply.as_error(body, self._wire.redact)
        return body

    def _fetch_one(self, model_id: str, known_since: dt.datetime | None, *, is_failing: bool) -> Answer:
        """The answer for one id; never raises for anything the API does."""
        errand = Errand(f"{self.base_url}/models/{quote(model_id, safe='')}")
        is_look_alike = False
        try:
            body = self._kept(errand, known_since) or self._wire.get(errand)
            loaded = self._parse(errand, body, model_id)
        except Stopped as stopped:
            return self._answer(model_id, errand, "deferred", stopped.stop.message)
        except RecordRejected as error:
            is_look_alike = isinstance(error, LookAlike)
            answer = self._answer(model_id, errand, "rejected", str(error), http_status=200)
        except Unusable as error:
            outcome: record.Outcome = "not_found" if error.status == 404 else "failed"
            answer = self._answer(model_id, errand, outcome, str(error), http_status=error.status, error_code=error.code)
        else:
            self._wire.is_key_good = True
            row = record.to_row(loaded, body.arrived_at, hashlib.blake2b(body.content, digest_size=16).hexdigest())
            answer = self._answer(model_id, errand, "loaded", row=row, http_status=200)
        if answer.row is not None or not is_failing:
            self._patience.watch(answer.fetch, is_look_alike=is_look_alike)
        return answer

    def _answer(
        self,
        model_id: str,
        errand: Errand,
        outcome: record.Outcome,
        message: str | None = None,
        row: dict[str, Any] | None = None,
        **said: Any,
    ) -> Answer:
        """An answer; `said` are the HTTP status and the API's error code, under their names in `record.Fetch`."""
        fetch = record.Fetch(
            model_id=model_id,
            requested_at=self._now(),
            outcome=outcome,
            message=message and self._wire.redact(message),
            attempts=errand.attempts,
            elapsed_ms=round((time.monotonic() - errand.started) * 1000),
            **said,
        )
        return Answer(fetch, row)

    def _kept(self, errand: Errand, known_since: dt.datetime | None) -> Body | None:
        """What an earlier run paid for, unless something newer was published since."""
        kept = self._cache.get(errand.url) if self._cache else None
        return None if kept and known_since and kept.arrived_at < known_since else kept

    def _keep(self, errand: Errand, body: Body) -> None:
        """Saves what was paid for. When the disk does not take it, nothing more is asked: it would be lost too."""
        if self._cache and errand.attempts:
            try:
                self._cache.put(errand.url, body)
            except OSError as error:
                self._wire.halt("unkept", f"a response could not be kept: {error}")

    def _parse(self, errand: Errand, body: Body, model_id: str) -> record.Record:
        """The record in a body; kept, as are a bad record and a 404, for they are this API's answers to the question."""
        try:
            loaded = reply.parse(body, model_id, self.base_url, self._wire.redact)
        except (RecordRejected, Unusable) as error:
            if body.status == 404 or (isinstance(error, RecordRejected) and not isinstance(error, LookAlike)):
                self._keep(errand, body)
            raise
        self._keep(errand, body)
        return loaded
