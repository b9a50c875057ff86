"""Records as rows of the raw tables."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from llm_stats.schema.record import Record, RecordPart, as_utc


def to_row(record: Record, fetched_at: dt.datetime, content_hash: str) -> dict[str, Any]:
    """The record as a row: documented fields, nested objects as they are, unknown fields in `extra`; lists and free-form maps as lists of
    child rows.

    Every child row carries `model_id`, so that no reader needs dlt's keys.
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
    """A row of a list. There are dozens in a record, so what holds no objects is not searched for any."""
    return {"model_id": model_id, **part.__dict__, "extra": _storable(part.model_extra)}


def _with_extra(part: RecordPart) -> dict[str, Any]:
    row, extra = _split(part)
    return {**row, "extra": _storable(extra)}


def _storable(extra: dict[str, Any] | None) -> Any:
    """Unknown fields, or None if there are none. Nothing is known of them: a number that no column can hold stays as text."""
    return json.loads(json.dumps(extra), parse_int=_parse_int) if extra else None


def _parse_int(digits: str) -> int | str:
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else digits


def _split(part: RecordPart) -> tuple[dict[str, Any], dict[str, Any]]:
    """Documented scalars and objects of a part, and everything else; an unknown field of a nested object keeps its path as key."""
    row: dict[str, Any] = {}
    extra = dict(part.model_extra or {})
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, RecordPart):
            row[name], inner = _split(value)
            extra |= {f"{name}.{key}": unknown for key, unknown in inner.items()}
        elif not isinstance(value, list | dict):
            row[name] = value
    return row, extra


def new_fields(row: dict[str, Any]) -> set[str]:
    """The undocumented fields of a row made by `to_row`, as `table.field`."""
    found = {f"models.{key}" for key in row["extra"] or ()}
    for child in ("providers", "scores"):
        found |= {f"{child}.{key}" for entry in row[child] for key in entry["extra"] or ()}
    return found
