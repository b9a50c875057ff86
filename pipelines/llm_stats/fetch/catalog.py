"""Catalog: the summaries of all models that the API lists, read page by page.

    GET /v1/models?limit=200&cursor=…
    {"models": [summary, …], "next_cursor": "…" or null, "total": 335}

A page costs one request. The next page is requested while the summaries of a page are validated.
If a page does not arrive, no more pages are requested; the earlier pages are used. Pages are not
cached: a later run would show old prices, and requesting the pages again takes few requests.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from llm_stats.api.request import PendingRequest
from llm_stats.api.responses import (
    BadResponse,
    CatalogPage,
    error_from_body,
    parse_catalog_page,
    parse_error_body,
)
from llm_stats.api.stop import FetchingStopped
from llm_stats.api.transport import Transport
from llm_stats.errors import NothingFetched, QuotaSpent, RecordRejected
from llm_stats.schema.catalog import CutOff, SummaryVersion
from llm_stats.schema.parse import parse_summary
from llm_stats.schema.rows import summary_hash, to_summary_row
from llm_stats.settings import is_valid_model_id
from llm_stats.text import pluralize, truncate_end

_PAGE_SIZE = 200
#: Maximum number of invalid ids in a message, and maximum length of each id.
_MAX_INVALID_IDS, _MAX_ID_LENGTH = 3, 80


@dataclass
class Catalog:
    """The result of one read of the catalog.

    `model_ids` are the listed ids, in the catalog's order. `versions` has the version of each valid
    summary; `changed` has a row of `raw.catalog_models` for each new or changed summary.
    `rejected` has the reason for each invalid summary. `total` is the number of models according to
    the API. `gap` explains why the read is incomplete; None if the read is complete. `cut_off` is
    set if a page did not arrive.
    """

    read_at: dt.datetime
    pages: int = 0
    model_ids: list[str] = field(default_factory=list)
    versions: dict[str, SummaryVersion] = field(default_factory=dict)
    changed: list[dict[str, Any]] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    gap: str | None = None
    cut_off: CutOff | None = None

    @property
    def has_summaries(self) -> bool:
        """Return whether the catalog contains valid summaries, and not just ids."""
        return bool(self.versions)


class CatalogReader:
    """Reader of the catalog; `submit` calls a function in another thread and returns a future."""

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        now: Callable[[], dt.datetime],
        submit: Callable[[Callable[[], CatalogPage]], Future[CatalogPage]],
    ) -> None:
        self._base_url = base_url
        self._transport = transport
        self._now = now
        self._submit = submit

    def read(self, stored: Mapping[str, SummaryVersion]) -> Catalog:
        """Return the catalog; `stored` contains the versions of the summaries in the warehouse.

        Stops at a page that has no cursor, has no new id, or does not arrive. Raises `QuotaSpent`
        if the quota or the budget is spent before the first page arrives, and `NothingFetched` if
        the first page cannot be read for another reason or lists no model.
        """
        catalog = Catalog(self._now())
        listed: dict[str, None] = {}
        invalid_ids: list[str] = []
        arrival = self._submit(partial(self._get, None))
        while True:
            try:
                page = arrival.result()
            except (FetchingStopped, BadResponse, NothingFetched) as error:
                if catalog.pages == 0:
                    raise self._first_page_error(error) from None
                catalog.gap = f"page {catalog.pages + 1} did not arrive: {error}"
                is_deferred = isinstance(error, FetchingStopped) and error.reason.is_quota
                catalog.cut_off = "deferred" if is_deferred else "failed"
                break
            catalog.pages += 1
            catalog.total = page.total
            new_entries: dict[str, Any] = {}
            for entry in page.entries:
                if (model_id := _model_id(entry)) is None:
                    invalid_ids.append(_format_id(entry, self._transport.redact))
                elif model_id not in listed:
                    new_entries.setdefault(model_id, entry)
            listed |= dict.fromkeys(new_entries)
            has_next = bool(page.next_cursor and new_entries)
            if has_next:
                arrival = self._submit(partial(self._get, page.next_cursor))
            if catalog.pages == 1 or catalog.has_summaries:
                self._add_summaries(catalog, new_entries, stored)
            if not has_next:
                if page.next_cursor:  # an API could return cursors forever
                    repeated = f"page {catalog.pages} lists no new model, but has a cursor"
                    catalog.gap = f"{repeated}; {_count(len(listed), catalog.total)}"
                break
        if not listed:
            raise NothingFetched(f"{self._base_url}/models lists no models; wrong base URL?")
        catalog.model_ids = list(listed)
        catalog.gap = catalog.gap or _find_gap(catalog, invalid_ids)
        return catalog

    def _get(self, cursor: str | None) -> CatalogPage:
        """Return a page.

        Raises `FetchingStopped` or `BadResponse` if no page arrives, and `NothingFetched` if the
        response is not a page.
        """
        query = {"limit": _PAGE_SIZE} | ({"cursor": cursor} if cursor else {})
        body = self._transport.get(PendingRequest(f"{self._base_url}/models?{urlencode(query)}"))
        if body.status == 404 or parse_error_body(body.content):
            raise error_from_body(body, self._transport.redact)
        return parse_catalog_page(body.content, self._base_url)

    def _add_summaries(
        self, catalog: Catalog, entries: Mapping[str, Any], stored: Mapping[str, SummaryVersion]
    ) -> None:
        for model_id, entry in entries.items():
            try:
                summary = parse_summary(entry)
            except RecordRejected as error:
                catalog.rejected[model_id] = self._transport.redact(str(error))
                continue
            version = SummaryVersion(summary_hash(summary), summary.updated_at)
            catalog.versions[model_id] = version
            if model_id not in stored or stored[model_id].content_hash != version.content_hash:
                row = to_summary_row(summary, catalog.read_at, version.content_hash)
                catalog.changed.append(row)

    def _first_page_error(self, error: Exception) -> NothingFetched | QuotaSpent:
        if isinstance(error, NothingFetched):
            return error
        if isinstance(error, FetchingStopped):
            return (QuotaSpent if error.reason.is_quota else NothingFetched)(error.reason.message)
        is_missing = isinstance(error, BadResponse) and error.status == 404
        message = f"the catalog could not be read: {error}"
        stop = self._transport.admission.stop_reason
        hint = "; wrong base URL?" if is_missing else ""
        return NothingFetched(stop.message if stop else f"{message}{hint}")


def _model_id(entry: object) -> str | None:
    """Return the id of an entry of a page; None if it has no valid id."""
    model_id = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(model_id, str) or not model_id.strip() or not is_valid_model_id(model_id):
        return None
    return model_id


def _format_id(entry: object, redact: Callable[[str], str]) -> str:
    """Return the id of an entry as escaped JSON, or the whole entry if it is not an object."""
    value = entry.get("id") if isinstance(entry, dict) else entry
    return truncate_end(redact(json.dumps(value)), _MAX_ID_LENGTH)


def _find_gap(catalog: Catalog, invalid_ids: list[str]) -> str | None:
    """Return why the catalog is incomplete although all pages arrived; None if it is complete."""
    gaps = []
    if count := len(invalid_ids):
        more = ["…"] if count > _MAX_INVALID_IDS else []
        ids = ", ".join(invalid_ids[:_MAX_INVALID_IDS] + more)
        problem = pluralize(count, "entry has no valid id", "entries have no valid id")
        gaps.append(f"{problem}: {ids}")
    model_count = len(catalog.model_ids)
    if catalog.total is None:
        gaps.append("the API did not send the total number of models")
    elif catalog.total != model_count:
        gaps.append(_count(model_count, catalog.total))
    return "; ".join(gaps) or None


def _count(model_count: int, total: int | None) -> str:
    """Return `331 models of 335 listed`."""
    return f"{pluralize(model_count, 'model')} of {'unknown' if total is None else total} listed"
