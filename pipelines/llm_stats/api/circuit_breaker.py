"""When to give up on an API: before it costs three tries and a minute for every id, and never for a few bad ids.

    no answer, 5xx, 429 or 403, ten in a row          unreachable
    no record but those of another catalogue, three   wrong base URL
    nothing but 404, twenty, or fewer in the end      wrong ids, or wrong base URL; unless the API itself has listed them

Every other answer, however odd, shows that the API is alive. An id that is known to fail tells nothing when it fails again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from llm_stats.api.transport import StopKind
from llm_stats.schema.fetch import Fetch

MAX_CONSECUTIVE_FAILURES = 10  # less would be bad luck, or a few bad records that come first
WRONG_CATALOG_THRESHOLD = 3  # one or two may be bad records of the right catalogue
NOT_FOUND_THRESHOLD = 20  # so many wrong ids would be odd


class CircuitBreaker:
    """Watches what becomes of ids, from many threads; calls `halt` when there is no point in going on."""

    def __init__(
        self, base_url: str, stop: Callable[[StopKind, str], object], *, is_listed: bool
    ) -> None:
        self._base_url = base_url
        self._stop = stop
        self._is_listed = is_listed
        self._lock = threading.Lock()
        self._records = self._wrong_catalog_records = self._not_found = self._failed = (
            self._failed_in_a_row
        ) = 0

    def record(self, fetch: Fetch, *, is_wrong_catalog: bool) -> None:
        """Takes note of one outcome."""
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
                    f"{self._failed_in_a_row} models in a row got no usable answer; the last: {fetch.message}",
                )

    def finish(self, *, is_complete: bool) -> None:
        """At the end a few answers are enough, if there are no others; of 404, only if all ids were asked for (`is_complete`)."""
        with self._lock:
            self._check_base_url(
                1, 1 if is_complete and not self._failed else NOT_FOUND_THRESHOLD, "the "
            )

    def _check_base_url(self, wrong_catalog_records: int, not_found: int, which: str) -> None:
        if self._records:
            return
        if self._wrong_catalog_records >= wrong_catalog_records:
            self._stop(
                "wrong_base_url",
                f"{self._base_url} answers records without scores; wrong base URL?",
            )
        elif self._not_found >= not_found and not self._is_listed:
            unknown = (
                f"knows none of {which}{self._not_found} models"
                if self._not_found > 1
                else "does not know the model"
            )
            self._stop(
                "wrong_base_url", f"{self._base_url} {unknown}: wrong ids, or wrong base URL?"
            )


def _is_unreachable(fetch: Fetch) -> bool:
    return fetch.outcome == "failed" and (
        fetch.http_status is None or fetch.http_status in (403, 429) or fetch.http_status >= 500
    )
