"""Rows of the raw tables, made from records."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from llm_stats.schema.record import Record, RecordPart, as_utc


def to_row(record: Record, fetched_at: dt.datetime, content_hash: str) -> dict[str, Any]:
    """Return the record as a row of `models` that contains the rows of the child tables.

    Nested objects remain objects; lists and maps become lists of child rows. Unknown fields are in
    `extra`. Every child row has a `model_id`, so that queries do not need dlt's keys.
    """
    return {
        **_with_extra(record),
        "fetched_at": as_utc(fetched_at),
        "content_hash": content_hash,
        "provider_count": len(record.providers),
        "score_count": len(record.scores),
        "modality_count": len(record.modalities),
        "top_score_count": len(record.top_scores),
        "providers": [_child_row(record.id, provider) for provider in record.providers],
        "scores": [_child_row(record.id, score) for score in record.scores],
        "modalities": [
            {"model_id": record.id, "modality": modality} for modality in record.modalities
        ],
        "top_scores": [
            {"model_id": record.id, "category": category, "score": score}
            for category, score in record.top_scores.items()
        ],
    }


def _child_row(model_id: str, part: RecordPart) -> dict[str, Any]:
    """Return the child row for one entry of a list of the record.

    List entries have no nested objects, so the slower `_split` is not needed.
    """
    return {"model_id": model_id, **part.__dict__, "extra": _storable(part.model_extra)}


def _with_extra(part: RecordPart) -> dict[str, Any]:
    row, extra = _split(part)
    return {**row, "extra": _storable(extra)}


def _storable(extra: dict[str, Any] | None) -> Any:
    """Return the unknown fields, or None if there are none. Integers beyond 64 bits become text."""
    return json.loads(json.dumps(extra), parse_int=_parse_int) if extra else None


def _parse_int(digits: str) -> int | str:
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else digits


def _split(part: RecordPart) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the documented scalars and nested objects, and the unknown fields, as two dicts.

    An unknown field of a nested object has its path as key, such as `license.url`.
    """
    row: dict[str, Any] = {}
    extra = dict(part.model_extra or {})
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, RecordPart):
            row[name], nested_extra = _split(value)
            extra |= {f"{name}.{key}": unknown for key, unknown in nested_extra.items()}
        elif not isinstance(value, list | dict):
            row[name] = value
    return row, extra


def new_fields(row: dict[str, Any]) -> set[str]:
    """Return the undocumented fields of a row made by `to_row`, as `table.field`."""
    fields = {f"models.{key}" for key in row["extra"] or ()}
    for child in ("providers", "scores"):
        fields |= {f"{child}.{key}" for entry in row[child] for key in entry["extra"] or ()}
    return fields
