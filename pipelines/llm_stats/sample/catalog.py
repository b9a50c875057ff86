"""Catalogs of records: the bundled catalog as of today and yesterday, or a catalog from a file.

Since yesterday, offers and scores of six models have changed, and one model has left
the catalog.

`catalog.json` is a list of records as returned by `GET /stats/v1/models/{model_id}`. The file of
`sample-api --records FILE` has the same format. The live data has irregularities that comparisons
have to handle. `catalog.json` contains an example of each irregularity, and a test covers each.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from llm_stats.errors import UsageError


@dataclass(frozen=True)
class Change:
    """A change of one offer or score since yesterday; `entry_id` is a provider or benchmark id."""

    kind: str
    model_id: str
    entry_id: str
    then: dict[str, Any] | None
    """Yesterday's values: the changed fields, all fields (removed entry) or None (new entry)."""

    @property
    def part(self) -> tuple[str, str]:
        """Name of the list that contains the entry, and name of the entry's id field."""
        return (
            ("scores", "benchmark_id")
            if self.entry_id.startswith("sample-")
            else ("providers", "provider_id")
        )


#: All changes of offers and scores between `yesterday()` and `today()`. Each changed model also has
#: a later `updated_at` in `today()`.
CHANGES = (
    Change(
        "price cut",
        "aurora-large-1",
        "northlight",
        {"input_price_per_m": 6, "output_price_per_m": 30},
    ),
    Change(
        "price rise",
        "tessera-70b-open",
        "cumulus",
        {"input_price_per_m": 0.5, "output_price_per_m": 0.6},
    ),
    Change("listed", "quill-coder-1", "bluebird", None),
    Change(
        "delisted",
        "kestrel-2-mini",
        "alpine-cloud",
        {
            "provider_id": "alpine-cloud",
            "provider_name": "Alpine Cloud",
            "status": "active",
            "input_price_per_m": 0.25,
            "output_price_per_m": 2,
        },
    ),
    Change(
        "score corrected", "halcyon-3", "sample-math", {"score": 0.97, "normalized_score": 0.97}
    ),
    Change("score verified", "kestrel-2-pro", "sample-code", {"verified_by_llmstats": False}),
)

#: `updated_at` of the changed models as of yesterday. If only a score has changed, the summaries of
#: yesterday and today differ only in `updated_at`.
_UPDATED_BEFORE = "2026-10-05T09:00:00Z"

#: The model that is only in yesterday's catalog: the id of a bundled record to copy, and the fields
#: to replace in the copy.
LEFT = (
    "kestrel-embed-1",
    {
        "id": "kestrel-embed-0",
        "name": "Kestrel Embed 0",
        "description": "Illustrative sample, not a real model. It left the catalog today.",
        "release_date": "2025-03-10",
        "created_at": "2025-03-10T09:00:00Z",
        "url": "https://sample.invalid/models/kestrel-embed-0",
        "sources": {"api_ref": None, "paper": None, "weights": None, "repo": None},
    },
)


def today() -> list[dict[str, Any]]:
    """Return a new copy of the bundled records."""
    return _decode(
        (resources.files(__package__) / "catalog.json").read_bytes(), "the bundled sample"
    )


def yesterday() -> list[dict[str, Any]]:
    """Return the bundled records as of yesterday: `CHANGES` undone, and the model `LEFT` added."""
    records = today()
    by_id = {record["id"]: record for record in records}
    for change in CHANGES:
        by_id[change.model_id]["updated_at"] = _UPDATED_BEFORE
        part, key = change.part
        entries = by_id[change.model_id][part]
        current = [entry for entry in entries if entry[key] == change.entry_id]
        if change.then is None:
            entries.remove(current[0])
        elif current:
            current[0].update(change.then)
        else:
            entries.append(dict(change.then))
    successor, differences = LEFT
    return [*records, copy.deepcopy(by_id[successor]) | differences]


def load_records(path: str | Path) -> list[dict[str, Any]]:
    """Read the records in a JSON file: a list of objects, each with its own `id`.

    Raises `UsageError` for anything else.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the records file {path}: {error.strerror}") from None
    return _decode(content, str(path))


def _decode(content: bytes, source: str) -> list[dict[str, Any]]:
    try:
        records = json.loads(content)
    except ValueError as error:
        raise UsageError(f"{source} is not JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{source} is not JSON: nested too deeply") from None
    if not isinstance(records, list):
        raise UsageError(f"{source} is not a JSON list; put the records in [ ]")
    positions: dict[str, int] = {}
    for position, record in enumerate(records):
        model_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(model_id, str) or not model_id:
            raise UsageError(f"{source}: entry {position} is not a model record: it has no `id`")
        if model_id in positions:
            duplicates = f"entries {positions[model_id]} and {position}"
            raise UsageError(f"{source}: {duplicates} have the same id {model_id!r}")
        positions[model_id] = position
    return records


class Catalog:
    """Catalog of the sample API: records by id, summaries, and entries of the public catalog.

    The pages of `/stats/v1/models` list `summaries`. To simulate a faulty catalog, `summaries` and
    `total` may contradict the records.
    """

    def __init__(
        self,
        records: Iterable[Mapping[str, Any]],
        summaries: Iterable[Any] | None = None,
        total: int | None = None,
    ) -> None:
        self.records = {record["id"]: record for record in records}
        self.summaries = (
            [summary_of(record) for record in self.records.values()]
            if summaries is None
            else list(summaries)
        )
        self.total = len(self.summaries) if total is None else total
        self.public_entries = {k: _public_entry(record) for k, record in self.records.items()}

    def page(self, limit: int, cursor: str | None) -> dict[str, Any] | None:
        """Return a page of summaries, or None if the cursor is invalid.

        `{"models": [summary, …], "next_cursor": "b2Zmc2V0OjUw", "total": 335}`
        """
        start = 0 if cursor is None else _offset(cursor)
        count = len(self.summaries)
        if start is None or start > count:
            return None
        end = start + limit
        next_cursor = _cursor(end) if end < count else None
        models = self.summaries[start:end]
        return {"models": models, "next_cursor": next_cursor, "total": self.total}


def summary_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the summary of a record: the record without `scores` and `sources`."""
    return {name: value for name, value in record.items() if name not in ("scores", "sources")}


def _public_entry(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record in the form of the public model catalog: no scores, different price names.

    The record may be invalid.
    """
    providers = record.get("providers")
    pricing = [
        {
            "provider": offer.get("provider_id"),
            "price_input": offer.get("input_price_per_m"),
            "price_output": offer.get("output_price_per_m"),
        }
        for offer in (providers if isinstance(providers, list) else ())
        if isinstance(offer, dict)
    ]
    return {"id": record["id"], "name": record.get("name"), "object": "model", "pricing": pricing}


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode()


def _offset(cursor: str) -> int | None:
    """Return the offset in a cursor, or None if the API did not issue the cursor."""
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        return int(number) if word == "offset" and number.isdigit() else None
    except ValueError:
        return None
