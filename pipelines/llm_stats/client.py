"""The HTTP API, and the only module that knows it: address, key, pace, retries, quota, errors → one answer per id.

What a response means:

    200, the record                  loaded
    200, JSON that is not the record rejected; a look-alike without scores before anything else was loaded stops: wrong base URL
    200, not JSON                    failed
    404                              not_found
    401, 402, 403                    failed, and everything stops: the key is refused
    429, daily quota                 deferred, and everything stops until the quota resets
    429, burst; 5xx; no answer       tried again, a few times; then failed
    3xx and the rest                 failed (redirects are not followed, so the key goes nowhere else)
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

import requests
import tenacity

from llm_stats import __version__, record
from llm_stats.cache import ResponseCache
from llm_stats.errors import NothingFetched, QuotaSpent, RecordRejected
from llm_stats.pace import Pace
from llm_stats.response import Unusable, cause, envelope, read, retry_after, words

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 40  # a refused key has been seen to take 24 s to come back
MAX_PAUSE_SECONDS = 600  # a longer Retry-After is a quota in all but name
MAX_FAILED_IN_A_ROW = 5  # the API is down
_PAGE_SIZE = 200
_DAILY_QUOTA = {"daily_quota", "quota_exceeded"}


StopKind = Literal["refused", "quota", "budget", "unreachable", "wrong_base_url", "closed"]


@dataclass(frozen=True)
class Stop:
    """Why asking ended early."""

    kind: StopKind
    message: str


@dataclass(frozen=True)
class Answer:
    """What became of one id: the row of `raw.fetches`, and the row of `raw.models` if the record was loaded."""

    fetch: record.Fetch
    row: dict[str, Any] | None = None


@dataclass
class _Errand:
    """One URL on its way: how often it was asked for, and since when."""

    url: str
    attempts: int = 0
    started: float = field(default_factory=time.monotonic)


class _Stopped(Exception):
    """Nothing may be asked any more."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.message)
        self.stop = stop


class _Bearer(requests.auth.AuthBase):
    """The key as a header. Set as `auth`, it also keeps a `.netrc` from replacing it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


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
        self.requests_sent = 0
        self.stop: Stop | None = None
        self._api_key = api_key
        self._pace = pace or Pace(50)
        self._concurrency = concurrency
        self._max_requests = max_requests
        self._cache = cache
        self._now = clock or (lambda: dt.datetime.now(dt.UTC))
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._loaded = False
        self._failed_in_a_row = 0
        self._session = requests.Session()
        self._session.auth = _Bearer(api_key)
        self._session.headers["User-Agent"] = f"llm-stats/{__version__}"
        adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=concurrency)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries),
            wait=tenacity.wait_random_exponential(multiplier=backoff_seconds, max=30),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, Unusable) and error.transient),
            sleep=self._sleep,
            reraise=True,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._session.close()
        self._pace.close()

    def fetch(self, model_ids: Sequence[str]) -> Iterator[Answer]:
        """One answer for every id, as they arrive; ids not asked for because asking stopped come as `deferred`."""
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="fetch") as pool:
            try:
                # as_completed drops each future once it is yielded: a record handed on is not kept in memory here
                for future in as_completed([pool.submit(self._fetch_one, model_id) for model_id in model_ids]):
                    yield future.result()
            finally:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)

    def list_ids(self) -> list[str]:
        """Every id the API lists, page by page (`GET /models?limit=&cursor=`).

        Raises `NothingFetched` or `QuotaSpent`, for without the list there is nothing to ask for.
        """
        ids: list[str] = []
        cursor: str | None = None
        while True:
            query = urlencode({"limit": _PAGE_SIZE} | ({"cursor": cursor} if cursor else {}))
            try:
                body, _ = self._get(_Errand(f"{self.base_url}/models?{query}"))
                page = json.loads(body)
                ids += [entry["id"] for entry in page["models"]]
                cursor = page.get("next_cursor")
            except _Stopped as stopped:
                raise (QuotaSpent if stopped.stop.kind in ("quota", "budget") else NothingFetched)(stopped.stop.message) from None
            except Unusable as error:
                raise NothingFetched(f"the list of models could not be read: {error}") from None
            except (ValueError, KeyError, TypeError):
                raise NothingFetched(f"{self.base_url}/models did not answer a list of models; wrong base URL?") from None
            if not cursor:
                return ids

    def account(self) -> dict[str, Any] | None:
        """What the API says of the key's quota (`GET /account`); None where it does not offer that."""
        if self.stop and self.stop.kind != "quota":
            return None
        with contextlib.suppress(requests.RequestException, ValueError):
            self.requests_sent += 1
            response = self._session.get(f"{self.base_url}/account", timeout=CONNECT_TIMEOUT_SECONDS, allow_redirects=False)
            answer = response.json() if response.status_code == 200 else None
            return answer if isinstance(answer, dict) else None
        return None

    def _fetch_one(self, model_id: str) -> Answer:
        """The answer for one id; never raises for anything the API does."""
        errand = _Errand(f"{self.base_url}/models/{quote(model_id, safe='')}")
        try:
            body, fetched_at = self._get(errand)
            loaded = self._parse(body, model_id)
        except _Stopped as stopped:
            return self._answer(model_id, errand, "deferred", message=stopped.stop.message)
        except RecordRejected as error:
            answer = self._answer(model_id, errand, "rejected", status=200, message=str(error))
        except Unusable as error:
            outcome: record.Outcome = "not_found" if error.status == 404 else "failed"
            answer = self._answer(model_id, errand, outcome, status=error.status, code=error.code, message=str(error))
        else:
            answer = self._answer(model_id, errand, "loaded", status=200, row=record.to_row(loaded, fetched_at))
        self._watch(answer)
        return answer

    def _answer(
        self,
        model_id: str,
        errand: _Errand,
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
            message=message and self._redact(message),
            attempts=errand.attempts,
            elapsed_ms=round((time.monotonic() - errand.started) * 1000),
        )
        return Answer(fetch, row)

    def _get(self, errand: _Errand) -> tuple[bytes, dt.datetime]:
        """A body, from the cache or the network, and when it arrived (UTC)."""
        if self._cache and (kept := self._cache.get(errand.url)):
            return kept
        return self._retrying.copy()(self._ask, errand)

    def _ask(self, errand: _Errand) -> tuple[bytes, dt.datetime]:
        """One request. Raises `Unusable` for what is no good answer, `_Stopped` if it may not leave."""
        self._leave(errand)
        try:
            with self._session.get(
                errand.url, stream=True, timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS), allow_redirects=False
            ) as response:
                body = read(response)
                if response.status_code != 200:
                    raise self._refusal(response, body)
                self._keep(response, body)
                return body, self._now()
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise Unusable(f"no answer from {self.base_url}: {cause(error)}", transient=True) from None
        except requests.RequestException as error:
            raise Unusable(f"unreadable answer from {self.base_url}: {cause(error)}") from None

    def _leave(self, errand: _Errand) -> None:
        """Waits for the pace and takes one request from the budget."""
        self._pace.wait(self._stopped)
        with self._lock:
            if self._max_requests is not None and self.requests_sent >= self._max_requests:
                self._halt("budget", f"the budget of {self._max_requests} requests is spent")
            if self._stopped.is_set():
                raise _Stopped(self.stop or Stop("closed", "asking was ended"))
            self.requests_sent += 1
            errand.attempts += 1

    def _keep(self, response: requests.Response, body: bytes) -> None:
        """Saves a body that is JSON the moment it arrives."""
        if self._cache and body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}":
            response._content = body  # it was read in bounds; requests has no public way to say so
            self._cache.put(response)

    def _parse(self, body: bytes, model_id: str) -> record.Record:
        """The record in a body; tells a bad record from a body that is none, and from another catalogue's."""
        try:
            return record.parse(body, model_id)
        except RecordRejected:
            try:
                document = json.loads(body)
            except ValueError:
                kind = "HTML" if body.lstrip()[:1] == b"<" else "nothing" if not body.strip() else "truncated or broken JSON"
                raise Unusable(f"the answer is {kind}, not a model record", status=200) from None
            if isinstance(document, dict) and document.keys().isdisjoint({"scores", "sources"}):
                message = f"{self.base_url} answers records without scores; wrong base URL?"
                if not self._loaded:
                    self._halt("wrong_base_url", message)
                raise RecordRejected(message) from None
            raise

    def _refusal(self, response: requests.Response, body: bytes) -> Unusable:
        """What a response other than 200 means; stops or pauses everybody where it has to. Raises `_Stopped` when the quota is spent."""
        status = response.status_code
        error = envelope(body)
        code = error.get("code")
        message = words(status, error, response)
        if status in (401, 402, 403):
            self._halt("refused", f"the API refused the key: {message}")
        elif status == 429:
            pause = retry_after(response)
            if {code, error.get("limit_type")} & _DAILY_QUOTA or (pause or 0) > MAX_PAUSE_SECONDS:
                later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=pause or 0)
                resets = error.get("reset_at") or (f"{later:%Y-%m-%d %H:%M:%S}Z" if pause else "unknown")
                raise _Stopped(self._halt("quota", f"the quota is spent: {message}; resets at: {resets}"))
            self._pace.pause(pause or 0)
        return Unusable(message, status=status, code=code, transient=status >= 500 or status == 429)

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _halt(self, kind: StopKind, message: str) -> Stop:
        """Stops asking; the first reason stands."""
        self.stop = self.stop or Stop(kind, self._redact(message))
        self._stopped.set()
        return self.stop

    def _watch(self, answer: Answer) -> None:
        """Gives up on an API that is down, before it costs three tries and a minute for every id."""
        with self._lock:
            self._loaded = self._loaded or answer.row is not None
            self._failed_in_a_row = self._failed_in_a_row + 1 if answer.fetch.outcome == "failed" else 0
            if self._failed_in_a_row >= MAX_FAILED_IN_A_ROW:
                last = answer.fetch.message
                self._halt("unreachable", f"{self._failed_in_a_row} models in a row got no usable answer; the last: {last}")

    def _redact(self, text: str) -> str:
        """A server may echo the key in its error."""
        return text.replace(self._api_key, "***")
