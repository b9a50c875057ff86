"""Circuit breaker: stops fetching when the API looks unreachable or the base URL looks wrong.

Without the breaker, an unreachable API would cost three attempts and a minute for every id.

    ten failures in a row: no response, 5xx, 429 or 403    API unreachable
    three records, all without scores                      wrong base URL
    twenty responses of 404, and no record                 wrong ids, or wrong base URL

Any other response, such as a record or a 404, resets the count of failures in a row. At the end of
a fetch, the thresholds for a wrong base URL are lower (see `CircuitBreaker.finish`).

A known model is a model that loaded in an earlier run. If the base URL returned the catalog or a
known model, the base URL is right, and 404s do not stop the fetch. Before 404s stop the fetch, the
breaker requests up to three known models. If one of them loads, the fetch continues.

The breaker does not count failures of ids that failed in an earlier run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import islice

from llm_stats.api.stop import FetchingStopped, StopKind
from llm_stats.schema.fetch import Fetch

#: A lower threshold could be reached by chance, or if the API returns 5xx for the first few ids.
MAX_CONSECUTIVE_FAILURES = 10
#: A lower threshold could be reached with the right base URL, if some records lack scores.
WRONG_CATALOG_THRESHOLD = 3
#: A lower threshold could be reached if the caller passes wrong ids.
NOT_FOUND_THRESHOLD = 20
#: Maximum number of known models to request; more than one, because the API may withdraw models.
MAX_KNOWN_MODELS = 3
_NAMED_IDS = 3


class CircuitBreaker:
    """Counter of outcomes, shared by many threads; calls `stop` when further requests are useless.

    `is_base_url_confirmed` is set when the base URL has returned the catalog or a known model.
    After that, 404s do not stop the fetch. `known_ids` are the ids of the known models; the breaker
    requests the first ones to confirm the base URL. `loads_again` requests a model and returns
    whether it loads. It raises `FetchingStopped` if fetching has stopped.
    """

    def __init__(
        self,
        base_url: str,
        stop: Callable[[StopKind, str], object],
        loads_again: Callable[[str], bool],
    ) -> None:
        self.is_base_url_confirmed = False
        self.known_ids: Sequence[str] = ()
        self._base_url = base_url
        self._stop = stop
        self._loads_again = loads_again
        self._lock = threading.Lock()
        self._records = self._wrong_catalog_records = self._failed = self._failed_in_a_row = 0
        self._not_found: list[str] = []
        self._not_found_again = 0

    def record(self, fetch: Fetch, *, is_wrong_catalog: bool, is_failing: bool) -> None:
        """Count one outcome; stop fetching if a threshold is reached.

        `is_failing` is set if the id failed in an earlier run.
        """
        with self._lock:
            if is_failing and not fetch.is_success:
                self._not_found_again += fetch.outcome == "not_found"
                return
            self._wrong_catalog_records += is_wrong_catalog
            has_record = fetch.is_success or fetch.outcome == "rejected"
            self._records += has_record and not is_wrong_catalog
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
        """Check at the end of a fetch whether the base URL looks wrong; if so, call `stop`.

        If the fetch returned a record with scores, the base URL is right. Without such a record,
        the base URL looks wrong in two cases:

        - a record without scores was returned;
        - a 404 was returned, all ids were requested (`is_complete`), no request failed in another
          way, and no known model loads.

        A 404 for an id that failed in an earlier run does not make the base URL look wrong. After
        such a 404, if there is no record with scores, `finish` requests known models to set
        `is_base_url_confirmed`.
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
        """Return whether the base URL is confirmed or a known model loads.

        Known models that returned a 404 in this run are not requested again. If fetching has
        stopped, no model can be requested, so the result is True.
        """
        if not self.is_base_url_confirmed:
            candidates = (
                model_id for model_id in self.known_ids if model_id not in self._not_found
            )
            try:
                self.is_base_url_confirmed = any(
                    map(self._loads_again, islice(candidates, MAX_KNOWN_MODELS))
                )
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
