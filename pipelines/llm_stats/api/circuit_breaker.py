"""Circuit breaker: stops fetching when the API looks unreachable or the base URL looks wrong.

    ten failures in a row: no response, 5xx, 429 or 403    API unreachable
    three records, all without scores (public catalog)     wrong base URL
    twenty responses of 404, and no record                 wrong ids, or wrong base URL

Any other response ends a row of failures. A 404 does not count if the ids come from the API's own
list. At the end of a fetch, the thresholds of the last two lines are lower (see `finish`).

If an id failed in an earlier run, the client does not report its next failure to the breaker.
Without the breaker, a dead API would cost three attempts and a minute for every id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from llm_stats.api.transport import StopKind
from llm_stats.schema.fetch import Fetch

#: Fewer failures may be a coincidence, or a few bad records at the start of the list of ids.
MAX_CONSECUTIVE_FAILURES = 10
#: One or two records without scores may also be bad records of the right catalog.
WRONG_CATALOG_THRESHOLD = 3
#: A caller is unlikely to pass so many wrong ids.
NOT_FOUND_THRESHOLD = 20


class CircuitBreaker:
    """Counter of outcomes, shared by many threads; calls `stop` when further requests are useless.

    Set `is_listed` if the ids come from the API's own list; a 404 then does not stop the fetch.
    """

    def __init__(self, base_url: str, stop: Callable[[StopKind, str], object]) -> None:
        self.is_listed = False
        self._base_url = base_url
        self._stop = stop
        self._lock = threading.Lock()
        self._records = self._wrong_catalog_records = self._not_found = self._failed = (
            self._failed_in_a_row
        ) = 0

    def record(self, fetch: Fetch, *, is_wrong_catalog: bool) -> None:
        """Count one outcome; stop fetching if a threshold is reached."""
        with self._lock:
            self._wrong_catalog_records += is_wrong_catalog
            self._records += fetch.outcome in ("loaded", "rejected") and not is_wrong_catalog
            self._not_found += fetch.outcome == "not_found"
            self._failed += fetch.outcome == "failed"
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

        The thresholds are lower than during the fetch. Unless the fetch returned a record with
        scores, one record without scores is enough to stop. One 404 is enough if all ids were
        requested (`is_complete`) and none failed.
        """
        with self._lock:
            not_found_threshold = 1 if is_complete and not self._failed else NOT_FOUND_THRESHOLD
            self._check_base_url(1, not_found_threshold, "the ")

    def _check_base_url(
        self, wrong_catalog_threshold: int, not_found_threshold: int, article: str
    ) -> None:
        if self._records:
            return
        if self._wrong_catalog_records >= wrong_catalog_threshold:
            message = f"{self._base_url} returns records without scores; wrong base URL?"
            self._stop("wrong_base_url", message)
        elif self._not_found >= not_found_threshold and not self.is_listed:
            models = f"{article}{self._not_found} models" if self._not_found > 1 else "the model"
            message = f"{self._base_url} returned 404 for {models}; wrong ids or wrong base URL?"
            self._stop("wrong_base_url", message)


def _is_unreachable(fetch: Fetch) -> bool:
    return fetch.outcome == "failed" and (
        fetch.http_status is None or fetch.http_status in (403, 429) or fetch.http_status >= 500
    )
