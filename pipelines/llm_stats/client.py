"""What is asked of the API, and what its answers mean: one outcome for every id.

    a record                          loaded
    JSON that is not the record       rejected; if all answers so far look like another catalogue's, asking stops: wrong base URL
    HTML, nothing, broken JSON        failed
    404                               not_found
    no answer after a few tries       failed; too many in a row stop: the API is down
    not asked, for asking stopped     deferred

How requests leave, and when they stop, is `wire.py`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote, urlencode

from llm_stats import record
from llm_stats.cache import ResponseCache
from llm_stats.errors import NothingFetched, QuotaSpent, RecordRejected
from llm_stats.ids import cleaned, is_askable
from llm_stats.pace import Pace
from llm_stats.response import Body, Unusable, envelope
from llm_stats.wire import Errand, Stop, Stopped, Wire

MAX_FAILED_IN_A_ROW = 10  # the API is down; less would be bad luck, or a few bad records that come first
_MOST_AHEAD = 500  # answers that nobody has taken yet: more would only fill the memory
ENOUGH_LOOK_ALIKES = 3  # one or two may be bad records of the right catalogue
_PAGE_SIZE = 200


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
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="fetch")
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
        )
        self._lock = threading.Lock()
        self._records = 0
        self._look_alikes = 0
        self._failed_in_a_row = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.end()
        self._pool.shutdown(cancel_futures=True)
        self._wire.close()

    @property
    def stop(self) -> Stop | None:
        return self._wire.stop

    @property
    def requests_sent(self) -> int:
        return self._wire.requests_sent

    def fetch(self, model_ids: Sequence[str], fetched_at: Mapping[str, dt.datetime] | None = None) -> Iterator[Answer]:
        """One answer for every id, as they arrive; ids not asked for because asking stopped come as `deferred`. Asking begins at once.

        `fetched_at` says how old the records are that one has already: nothing older is taken from the cache.
        """
        known = fetched_at or {}
        arrived: SimpleQueue[Future[Answer]] = SimpleQueue()
        waiting = iter(model_ids)

        def ask(most: int) -> None:
            for model_id in islice(waiting, most):
                self._pool.submit(self._fetch_one, model_id, known.get(model_id)).add_done_callback(arrived.put)

        def answers() -> Iterator[Answer]:
            try:
                for _ in model_ids:
                    future = arrived.get()
                    ask(1)
                    yield future.result()
                self._doubt_address(enough=1)
            finally:
                self._wire.end()

        ask(_MOST_AHEAD)
        return answers()

    def list_ids(self) -> list[str]:
        """Every id the API lists, page by page (`GET /models?limit=&cursor=`).

        Raises `NothingFetched` or `QuotaSpent`, for without the list there is nothing to ask for.
        """
        try:
            try:
                return self._pages(self._cache)
            except Unusable as error:
                if error.code != "cursor_expired":
                    raise
                return self._pages(None)  # the cursor was of a page kept by a run that was killed: from the start
        except Stopped as stopped:
            raise (QuotaSpent if stopped.stop.kind in ("quota", "budget") else NothingFetched)(stopped.stop.message) from None
        except Unusable as error:
            raise NothingFetched(self.stop.message if self.stop else f"the list of models could not be read: {error}") from None

    def account(self) -> dict[str, Any] | None:
        """What the API says of the key's quota (`GET /account`); None where it does not offer that.

        It is a courtesy: asked only if nothing stopped, and neither pace nor budget is in the way.
        """
        try:
            answer = json.loads(self._wire.glance(f"{self.base_url}/account") or b"null")
        except (ValueError, RecursionError):
            return None
        return answer if isinstance(answer, dict) else None

    def _pages(self, cache: ResponseCache | None) -> list[str]:
        ids: list[str] = []
        cursors: list[str] = []
        while True:
            errand = Errand(f"{self.base_url}/models?{urlencode({'limit': _PAGE_SIZE} | ({'cursor': cursors[-1]} if cursors else {}))}")
            body = (cache and cache.get(errand.url)) or self._wire.get(errand)
            try:
                page = json.loads(body.content)
                found, cursor = [str(entry["id"] or "") for entry in page["models"]], page.get("next_cursor")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise NothingFetched(f"{self.base_url}/models did not answer a list of models; wrong base URL?") from None
            self._keep(errand, body)
            ids += found
            if not cursor:
                return [model_id for model_id in cleaned(ids) if is_askable(model_id)]
            if str(cursor) in cursors:
                raise NothingFetched(f"{self.base_url}/models goes in circles: it gave the cursor {str(cursor)[:100]!r} twice")
            cursors.append(str(cursor))

    def _fetch_one(self, model_id: str, known_since: dt.datetime | None) -> Answer:
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
            row = record.to_row(loaded, body.arrived_at, hashlib.blake2b(body.content, digest_size=16).hexdigest())
            answer = self._answer(model_id, errand, "loaded", status=200, row=row)
        self._watch(answer, is_look_alike)
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
        """The record in a body, kept; tells a bad record (kept too) from a body that is none, and from another catalogue's."""
        try:
            loaded = record.parse(body.content, model_id)
        except RecordRejected:
            self._require_record(body.content)
            self._keep(errand, body)
            raise
        self._keep(errand, body)
        return loaded

    def _require_record(self, content: bytes) -> None:
        """Raises `Unusable` if a body is not JSON or an error in disguise, `_LookAlike` if it is of another catalogue."""
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            kind = "HTML" if content.lstrip()[:1] == b"<" else "nothing" if not content.strip() else "truncated or broken JSON"
            raise Unusable(f"the answer is {kind}, not a model record", status=200) from None
        if error := envelope(content):
            raise Unusable(
                f"an error with status 200: {error.get('code', 'no code')}: {error.get('message', 'no message')[:500]}", status=200
            )
        if isinstance(document, dict) and document.keys().isdisjoint({"scores", "sources"}):
            raise _LookAlike(f"{self.base_url} answers records without scores; wrong base URL?")

    def _watch(self, answer: Answer, is_look_alike: bool) -> None:
        """Gives up on an API that is down, or on a wrong address, before it costs three tries and a minute for every id."""
        with self._lock:
            self._look_alikes += is_look_alike
            self._records += answer.fetch.outcome in ("loaded", "rejected") and not is_look_alike
            self._doubt_address(ENOUGH_LOOK_ALIKES)
            self._failed_in_a_row = self._failed_in_a_row + 1 if answer.fetch.outcome == "failed" else 0
            if self._failed_in_a_row >= MAX_FAILED_IN_A_ROW:
                last = answer.fetch.message
                self._wire.halt("unreachable", f"{self._failed_in_a_row} models in a row got no usable answer; the last: {last}")

    def _doubt_address(self, enough: int) -> None:
        """Stops if the only records that came were look-alikes, and enough of them."""
        if not self._records and self._look_alikes >= enough:
            self._wire.halt("wrong_base_url", f"{self.base_url} answers records without scores; wrong base URL?")
