"""Model list: every id that the API lists, read page by page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from llm_stats.api.responses import (
    BadResponse,
    Body,
    error_from_body,
    parse_error_body,
    parse_list_page,
)
from llm_stats.api.stop import FetchingStopped
from llm_stats.api.transport import PendingRequest, Transport
from llm_stats.errors import NothingFetched, QuotaSpent, UsageError
from llm_stats.fetch.cache import ResponseCache
from llm_stats.settings import clean_model_ids, is_valid_model_id
from llm_stats.text import pluralize

_PAGE_SIZE = 200

CacheBody = Callable[[PendingRequest, Body], None]


def read_model_list(
    base_url: str, transport: Transport, cache: ResponseCache | None, cache_body: CacheBody
) -> list[str]:
    """Return every id that the API lists.

    Raises `QuotaSpent` if the quota is spent, `UsageError` if the list takes the whole budget, and
    `NothingFetched` if the list cannot be read for any other reason.
    """
    try:
        try:
            model_ids = _read_pages(base_url, transport, cache, cache_body)
        except BadResponse as error:
            if error.code != "cursor_expired":
                raise
            # A page from the cache can contain an expired cursor. Read the list without the cache.
            model_ids = _read_pages(base_url, transport, None, cache_body)
    except FetchingStopped as stopped:
        if stopped.reason.kind == "budget":
            raise _budget_error(transport) from None
        is_quota = stopped.reason.kind == "quota"
        raise (QuotaSpent if is_quota else NothingFetched)(stopped.reason.message) from None
    except BadResponse as error:
        hint = "; wrong base URL?" if error.status == 404 else ""
        message = f"the list of models could not be read: {error}{hint}"
        stop = transport.stop_reason
        raise NothingFetched(stop.message if stop else message) from None
    if transport.is_budget_spent:
        raise _budget_error(transport)
    return model_ids


def _read_pages(
    base_url: str, transport: Transport, cache: ResponseCache | None, cache_body: CacheBody
) -> list[str]:
    """Return the ids of all pages of the model list.

    Reading ends at a page without a cursor. It also ends at a page without new ids, because an
    API could return cursors forever. Raises `NothingFetched` if the list is empty or invalid.
    """
    model_ids: dict[str, None] = {}
    cursor = None
    while True:
        query = {"limit": _PAGE_SIZE} | ({"cursor": cursor} if cursor else {})
        request = PendingRequest(f"{base_url}/models?{urlencode(query)}")
        body = (cache and cache.get(request.url)) or transport.get(request)
        if body.status == 404 or parse_error_body(body.content):
            raise error_from_body(body, transport.redact)
        page_ids, cursor = parse_list_page(body.content, base_url)
        cache_body(request, body)
        has_new_ids = not model_ids.keys() >= set(page_ids)
        model_ids |= dict.fromkeys(page_ids)
        if not cursor or not has_new_ids:
            break
    valid_ids = list(filter(is_valid_model_id, clean_model_ids(model_ids)))
    if not valid_ids:
        raise NothingFetched(f"{base_url}/models lists no models; wrong base URL?")
    return valid_ids


def _budget_error(transport: Transport) -> UsageError:
    spent = pluralize(transport.requests_sent, "request")
    return UsageError(
        f"no model can be fetched: the model list took all of max_requests ({spent}); "
        "increase max_requests"
    )
