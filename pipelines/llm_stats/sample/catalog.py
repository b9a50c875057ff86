"""The sample catalog, as it is today and as it was yesterday.

`catalog.json` is a list of full records, exactly as `GET /v1/models/{model_id}` answers them and as `sample-api --records FILE` takes
them. It holds, on purpose, each peculiarity of the live data that a comparison must survive; the tests name them one by one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from llm_stats.errors import UsageError


@dataclass(frozen=True)
class Change:
    """What happened since yesterday to one entry of a record's list, named by its `provider_id` or `benchmark_id`."""

    kind: str
    model_id: str
    entry_id: str
    then: dict[str, Any] | None
    """How the entry was yesterday: the fields that differed, all of them if it is gone today, or None if it was not there yet."""

    @property
    def part(self) -> tuple[str, str]:
        """`("scores", "benchmark_id")`: the list, and the key of its entries."""
        return ("scores", "benchmark_id") if self.entry_id.startswith("sample-") else ("providers", "provider_id")


#: Everything that differs between yesterday and today.
CHANGES = (
    Change("price cut", "aurora-large-1", "northlight", {"input_price_per_m": 6, "output_price_per_m": 30}),
    Change("price rise", "tessera-70b-open", "cumulus", {"input_price_per_m": 0.5, "output_price_per_m": 0.6}),
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
    Change("score corrected", "halcyon-3", "sample-math", {"score": 0.97, "normalized_score": 0.97}),
    Change("score verified", "kestrel-2-pro", "sample-code", {"verified_by_llmstats": False}),
)


def today() -> list[dict[str, Any]]:
    """The sample records as they are; every call answers its own copy."""
    return _decode((resources.files(__package__) / "catalog.json").read_bytes(), "the bundled sample")


def yesterday() -> list[dict[str, Any]]:
    """The sample records as they were before `CHANGES`."""
    records = today()
    by_id = {record["id"]: record for record in records}
    for change in CHANGES:
        part, key = change.part
        entries = by_id[change.model_id][part]
        now = [entry for entry in entries if entry[key] == change.entry_id]
        if change.then is None:
            entries.remove(now[0])
        elif now:
            now[0].update(change.then)
        else:
            entries.append(dict(change.then))
    return records


def load_records(path: str | Path) -> list[dict[str, Any]]:
    """The records in a JSON file: a list of objects, each with an `id` of its own. Anything else raises `UsageError`."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read the records file {path}: {error.strerror}") from None
    return _decode(content, str(path))


def _decode(content: bytes, where: str) -> list[dict[str, Any]]:
    try:
        records = json.loads(content)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{where} is not JSON: nested too deeply") from None
    if not isinstance(records, list):
        raise UsageError(f"{where} holds no list of records, but a JSON {_json_type(records)}: put the records in [ ]")
    places: dict[str, int] = {}
    for place, record in enumerate(records):
        model_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(model_id, str) or not model_id:
            raise UsageError(f"{where}: entry {place} has no `id`, so it is no record of a model")
        if model_id in places:
            raise UsageError(f"{where}: entries {places[model_id]} and {place} have the same id {model_id!r}; an id names one record")
        places[model_id] = place
    return records


def _json_type(value: object) -> str:
    return {dict: "object", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
