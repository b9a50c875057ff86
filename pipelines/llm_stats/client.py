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
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote

from llm_stats import record
from llm_stats.cache import ResponseCache
from llm_stats.crew import Crew
from llm_stats.errors import NothingFetched, QuotaSpent, RecordRejected
from llm_stats.listing import list_ids
from llm_stats.pace import Pace
from llm_stats.patience import Patience
from llm_stats.response import Body, Unusable, envelope
from llm_stats.wire import Errand, Stop, Stopped, Wire

ACCOUNT_TIMEOUT_SECONDS = 7  # and the time to leave: ten in all
LEAVE_WITHIN_SECONDS = 3  # for what is in flight is paid for, and may arrive
_MOST_AHEAD = 500  # answers that nobody has taken yet: more would only fill the memory


@dataclass(frozen=True)
class Answer:
    """What became of one id: the row of `raw.fetches`, and the row of `raw.models` if the record was loaded."""

    fetch: record.Fetch
    row: dict[str, Any] | None = None


class _LookAlike(RecordRejected):
    """A record of another catalogue, which answers at the host's other addresses, without a key."""


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
            api_key,
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
        patience = Patience(self.base_url, self._wire.halt, is_listed=self._is_listed)
        arrived: SimpleQueue[Future[Answer]] = SimpleQueue()
        waiting = iter(model_ids)

        def ask(most: int) -> None:
            for model_id in islice(waiting, most):
                watch = None if model_id in failing else patience.watch
                call = partial(self._fetch_one, model_id, known.get(model_id), watch)
                self._crew.submit(call).add_done_callback(arrived.put)

        def answers() -> Iterator[Answer]:
            try:
                for _ in model_ids:
                    future = arrived.get()
                    ask(1)
                    yield future.result()
                patience.conclude()
            finally:
                self._wire.end()

        ask(_MOST_AHEAD)
        return answers()

    def list_ids(self) -> list[str]:
        """Every id the API lists, page by page.

        Raises `NothingFetched` or `QuotaSpent`, for without the list there is nothing to ask for.
        """
        try:
            try:
                ids = list_ids(self.base_url, lambda errand: self._page(errand, self._cache), self._keep)
            except Unusable as error:
                if error.code != "cursor_expired":
                    raise
                # the cursor was of a page kept by a run that was killed: from the start
                ids = list_ids(self.base_url, lambda errand: self._page(errand, None), self._keep)
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
        if self._account is None:
            return None
        future, deadline = self._account
        try:
            answer = json.loads(future.result(max(0.0, deadline - time.monotonic())) or b"null")
        except (ValueError, RecursionError, TimeoutError):
            return None
        return answer if isinstance(answer, dict) else None

    def _page(self, errand: Errand, cache: ResponseCache | None) -> Body:
        body = (cache and cache.get(errand.url)) or self._wire.get(errand)
        if body.status == 404 or envelope(body.content):
            raise self._wire.unusable(body)
        return body

    def _fetch_one(self, model_id: str, known_since: dt.datetime | None, watch: Callable[..., None] | None) -> Answer:
        """The answer for one id; never raises for anything the API does."""
        errand = Errand(f"{self.base_url}/models/{quote(model_id, safe='')}")
        is_look_alike = False
        try:
            body = self._kept(errand, known_since) or self._wire.get(errand)
            loaded = self._parse(errand, body, model_id)
        except Stopped as stopped:
            return self._answer(model_id, errand, "deferred", message=stopped.stop.message)
        except RecordRejected as error:
            is_look_alike = isinstance(error, _LookAlike)
            answer = self._answer(model_id, errand, "rejected", status=200, message=str(error))
        except Unusable as error:
            outcome: record.Outcome = "not_found" if error.status == 404 else "failed"
            answer = self._answer(model_id, errand, outcome, status=error.status, code=error.code, message=str(error))
        else:
            self._wire.is_key_good = True
            row = record.to_row(loaded, body.arrived_at, hashlib.blake2b(body.content, digest_size=16).hexdigest())
            answer = self._answer(model_id, errand, "loaded", status=200, row=row)
        if watch:
            watch(answer.fetch, is_look_alike=is_look_alike)
        return answer

    def _answer(
        self,
        model_id: str,
        errand: Errand,
        outcome: record.Outcome,
        *,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        row: dict[str, Any] | None = None,
    ) -> Answer:
        fetch = record.Fetch(
            model_id=model_id,
            requested_at=self._now(),
            outcome=outcome,
            http_status=status,
            error_code=code,
            message=message and self._wire.redact(message),
            attempts=errand.attempts,
            elapsed_ms=round((time.monotonic() - errand.started) * 1000),
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
        """The record in a body, kept; tells a bad record and a 404 (kept too) from a body that is none, and from another catalogue's."""
        if body.status == 404:
            self._keep(errand, body)
            raise self._wire.unusable(body)
        try:
            loaded = record.parse(body.content, model_id)
        except RecordRejected:
            self._require_record(body)
            self._keep(errand, body)
            raise
        self._keep(errand, body)
        return loaded

    def _require_record(self, body: Body) -> None:
        """Raises `Unusable` if a body is not JSON or an error in disguise, `_LookAlike` if it is of another catalogue."""
        content = body.content
        try:
            document = json.loads(content.decode())  # from bytes, it would read what is no JSON: UTF-16, a byte order mark
        except (ValueError, RecursionError):
            kind = "HTML" if content.lstrip()[:1] == b"<" else "nothing" if not content.strip() else "truncated or broken JSON"
            raise Unusable(f"the answer is {kind}, not a model record", status=200) from None
        if envelope(content):
            raise self._wire.unusable(body)
        if isinstance(document, dict) and document.keys().isdisjoint({"scores", "sources"}):
            raise _LookAlike(f"{self.base_url} answers records without scores; wrong base URL?")
