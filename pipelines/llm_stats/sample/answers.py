"""Routes of the sample API: records, pages of summaries, the public catalog."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from llm_stats.sample.exchange import Response, error_response, json_response, not_found

MAX_PAGE = 200
_DEFAULT_PAGE = 50


class Catalog:
    """The records behind the routes, serialised once."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        by_id = {record["id"]: record for record in records}
        self._records = {model_id: json_response(record) for model_id, record in by_id.items()}
        self._public_entries = {model_id: _public_entry(record) for model_id, record in by_id.items()}
        self._summaries = [_summary(record) for record in by_id.values()]

    def record(self, model_id: str) -> Response:
        """`GET /v1/models/{model_id}`"""
        return self._records.get(model_id) or not_found(f"model {model_id!r}")

    def page(self, query: str) -> Response:
        """`GET /v1/models?limit=&cursor=`: `{"models": [summary, …], "next_cursor": "b2Zmc2V0OjUw", "total": 335}`"""
        parameters = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        limit = parameters.get("limit", str(_DEFAULT_PAGE))
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MAX_PAGE):
            wrong = {"loc": ["query", "limit"], "msg": f"Input should be an integer from 1 to {MAX_PAGE}", "type": "int_range"}
            return json_response({"detail": [wrong]}, 422)
        start = _offset(parameters["cursor"]) if "cursor" in parameters else 0
        if start is None or start > len(self._summaries):
            return error_response(410, "cursor_expired", "The cursor is no longer valid; start again without one.", param="cursor")
        end, total = start + int(limit), len(self._summaries)
        return json_response({"models": self._summaries[start:end], "next_cursor": _cursor(end) if end < total else None, "total": total})

    def public(self, model_id: str | None) -> Response:
        """The trap at `/v1` without `/stats`: a catalog that needs no key and has another shape. None: the list."""
        if model_id is None:
            return json_response({"object": "list", "data": list(self._public_entries.values())})
        found = self._public_entries.get(model_id)
        return json_response(found) if found else not_found(f"model {model_id!r}")


def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("scores", "sources")}


def _public_entry(record: Mapping[str, Any]) -> dict[str, Any]:
    """Same id, other shape: no `scores`, and prices under other names. A record may be wrong in any way, as the tests want it."""
    entries = record.get("providers")
    offers = [
        {
            "provider": offer.get("provider_id"),
            "price_input": offer.get("input_price_per_m"),
            "price_output": offer.get("output_price_per_m"),
        }
        for offer in (entries if isinstance(entries, list) else ())
        if isinstance(offer, dict)
    ]
    return {"id": record["id"], "name": record.get("name"), "object": "model", "pricing": offers}


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode()


def _offset(cursor: str) -> int | None:
    """The place a cursor stands for; None if this API never gave it out."""
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        return int(number) if word == "offset" and number.isdigit() else None
    except ValueError:
        return None
