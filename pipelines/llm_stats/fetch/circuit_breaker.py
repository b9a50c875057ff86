"""Circuit breaker: stops fetching when the API looks unreachable or the base URL looks wrong.

    ten failures in a row: no response, 5xx, 429 or 403    API unreachable
    three records, all without scores (public catalog)     wrong base URL
    twenty responses of 404, and no record                 wrong ids, or wrong base URL

Any other response ends a row of failures. Before a 404 counts against the base URL, the breaker
requests one model that loaded in an earlier run: if it loads, the base URL is right. No 404 counts
if the ids come from the API's own list. At the end of a fetch, lower thresholds apply to the last
two lines.

If an id failed in an earlier run, its next failure does not count. Without the breaker, a dead API
would cost three attempts and a minute for every id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from llm_stats.api.stop import FetchingStopped, StopKind
from llm_stats.schema.fetch import Fetch

#: Fewer failures may be a coincidence, or a few bad records at the start of the list of ids.
MAX_CONSECUTIVE_FAILURES = 10
#: One or two records without scores may also be bad records of the right catalog.
WRONG_CATALOG_THRESHOLD = 3
#: A caller is unlikely to pass so many wrong ids.
NOT_FOUND_THRESHOLD = 20
_NAMED_IDS = 3


class CircuitBreaker:
    """Counter of outcomes, shared by many threads; calls `stop` when further requests are useless.

    `is_base_url_confirmed` is set if the ids come from the API's own list, or a known model loaded;
    a 404 then does not stop the fetch. `loads_known_model` requests a model that loaded in an
    earlier run and returns whether it loads; it raises `FetchingStopped`.
    """

    def __init__(
        self,
        base_url: str,
        stop: Callable[[StopKind, str], object],
        loads_known_model: Callable[[], bool],
    ) -> None:
        self.is_base_url_confirmed = False
        self._base_url = base_url
        self._stop = stop
        self._loads_known_model = loads_known_model
        self._lock = threading.Lock()
        self._records = self._wrong_catalog_records = self._failed = self._failed_in_a_row = 0
        self._not_found: list[str] = []
        self._not_found_again = 0

    def record(self, fetch: Fetch, *, is_wrong_catalog: bool, is_failing: bool) -> None:
        """Count one outcome; stop fetching if a threshold is reached.

        `is_failing` is set if the id failed in an earlier run.
        """
        with self._lock:
            if is_failing and fetch.outcome != "loaded":
                self._not_found_again += fetch.outcome == "not_found"
                return
            self._wrong_catalog_records += is_wrong_catalog
            self._records += fetch.outcome in ("loaded", "rejected") and not is_wrong_catalog
            self._failed += fetch.outcome == "failed"
            if fetch.outcome == "not_found":
                self._not_found.append(fetch.model_id)
            self._check_base_url(WRONG_CATALOG_THRESHOLD, NOT_FOUND_THRESHOLD, "the first ")
            self._failed_in_a_row = self._failed_in_a_row + 1 if _is_unreachable(fetch) else 0
            if self._failed_in_a_row >= MAX_CONSECUTIVE_FAILURES:
                self._stop(
                    "unreachable",
                    f"no usable response for {self._failed_in_a_row} models in a row; "
                    f"the last error: {fetch.message}",
                )

    def finish(self, *, is_complete: bool) -> None:
        """Check at the end of a fetch whether the base URL looks wrong.

        Unless the fetch returned a record with scores, one record without scores is enough to stop.
        One 404 is enough if all ids were requested (`is_complete`) and none failed. If only ids
        that failed before were not found, the base URL is confirmed if possible, without a stop.
        """
        with self._lock:
            not_found_threshold = 1 if is_complete and not self._failed else NOT_FOUND_THRESHOLD
            self._check_base_url(1, not_found_threshold, "the ")
            if self._not_found_again and not self._records:
                self._may_be_right()

    def _check_base_url(
        self, wrong_catalog_threshold: int, not_found_threshold: int, article: str
    ) -> None:
        if self._records:
            return
        if self._wrong_catalog_records >= wrong_catalog_threshold:
            message = f"{self._base_url} returns records without scores; wrong base URL?"
            self._stop("wrong_base_url", message)
        elif len(self._not_found) >= not_found_threshold and not self._may_be_right():
            models = _name_models(self._not_found, article)
            message = f"{self._base_url} returned 404 for {models}; wrong ids or wrong base URL?"
            self._stop("wrong_base_url", message)

    def _may_be_right(self) -> bool:
        """Return whether the base URL may be right; request a known model to find out.

        If fetching has stopped, no request can be sent, so the base URL may be right.
        """
        if not self.is_base_url_confirmed:
            try:
                self.is_base_url_confirmed = self._loads_known_model()
            except FetchingStopped:
                return True
        return self.is_base_url_confirmed


def _name_models(model_ids: list[str], article: str) -> str:
    """Return `the model a`, or `the first 20 models (a, b, c, …)`."""
    if len(model_ids) == 1:
        return f"the model {model_ids[0]}"
    names = [*model_ids[:_NAMED_IDS], *(["…"] if len(model_ids) > _NAMED_IDS else [])]
    return f"{article}{len(model_ids)} models ({', '.join(names)})"


def _is_unreachable(fetch: Fetch) -> bool:
    return fetch.outcome == "failed" and (
        fetch.http_status is None or fetch.http_status in (403, 429) or fetch.http_status >= 500
    )
