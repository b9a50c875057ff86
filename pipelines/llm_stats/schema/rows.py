"""Rows of the raw tables, made from records and summaries."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from llm_stats.schema.fetch import Validators
from llm_stats.schema.metadata import Unreadable, as_utc, format_path
from llm_stats.schema.record import Record, RecordPart, Summary, is_documented


def to_row(
    record: Record,
    fetched_at: dt.datetime,
    content_hash: str,
    validators: Validators = Validators(),  # noqa: B008  immutable
) -> dict[str, Any]:
    """Return the record as a row of `models` that contains the rows of the child tables.

    Nested objects remain objects; lists and maps become lists of child rows. Unknown fields are in
    `extra`. Every child row has a `model_id`, so that queries do not need dlt's keys.
    `summary_hash` is None until `Plan.with_catalog` sets it.
    """
    scores = [_child_row(record.id, score) | {"unreadable": None} for score in record.scores]
    row = _summary_row(record)
    row["unreadable"] = _split_unreadable(record.unreadable, scores)
    return {
        **row,
        "fetched_at": as_utc(fetched_at),
        "content_hash": content_hash,
        "summary_hash": None,
        **validators._asdict(),
        "score_count": len(record.scores),
        "scores": scores,
    }


def _split_unreadable(
    unreadable: Unreadable, scores: list[dict[str, Any]]
) -> dict[str, str] | None:
    """Move unreadable values of scores to the score rows; return the other unreadable values."""
    others: Unreadable = {}
    for path, text in unreadable.items():
        match path:
            case ("scores", int(index), *path_in_score):
                row = scores[index]
                name = format_path(tuple(path_in_score))
                row["unreadable"] = (row["unreadable"] or {}) | {name: text}
            case _:
                others[path] = text
    return _with_text_paths(others)


def _with_text_paths(unreadable: Unreadable) -> dict[str, str] | None:
    """Return the unreadable values by formatted path, or None if there are none."""
    return {format_path(path): text for path, text in unreadable.items()} or None


def to_summary_row(summary: Summary, read_at: dt.datetime, content_hash: str) -> dict[str, Any]:
    """Return the summary as a row of `catalog_models` that contains the rows of the child tables.

    `content_hash` is the result of `summary_hash`.
    """
    return {**_summary_row(summary), "read_at": as_utc(read_at), "content_hash": content_hash}


def summary_hash(summary: Summary) -> str:
    """Return a hash of the documented fields; the order of list entries does not matter.

    The hash includes the original texts of unreadable values. It excludes undocumented fields,
    because a new field in all summaries would make all records due at once.
    """
    return hashlib.blake2b(_canonical(summary).encode(), digest_size=16).hexdigest()


def _canonical(value: object) -> str:
    """Return JSON of a value without its undocumented fields; lists are sorted."""
    return json.dumps(_documented(value), sort_keys=True, default=str)


def _documented(value: object) -> object:
    if isinstance(value, RecordPart):
        fields = {name: _documented(entry) for name, entry in value.__dict__.items()}
        texts = _documented_texts(value) if isinstance(value, Summary) else []
        return fields | {"unreadable": texts} if texts else fields
    return sorted(map(_canonical, value)) if isinstance(value, list) else value


def _documented_texts(summary: Summary) -> list[tuple[list[str], str]]:
    """Return the unreadable documented values: `[(["context_window"], "128000.5"), …]`."""
    texts = [
        ([part for part in path if isinstance(part, str)], text)
        for path, text in summary.unreadable.items()
    ]
    return sorted((names, text) for names, text in texts if is_documented(type(summary), names))


def _summary_row(summary: Summary) -> dict[str, Any]:
    """Return the part that rows of records and of summaries have in common."""
    return {
        **_with_extra(summary),
        "unreadable": _with_text_paths(summary.unreadable),
        "provider_count": len(summary.providers),
        "modality_count": len(summary.modalities),
        "top_score_count": len(summary.top_scores),
        "providers": [_child_row(summary.id, provider) for provider in summary.providers],
        "modalities": [
            {"model_id": summary.id, "modality": modality} for modality in summary.modalities
        ],
        "top_scores": [
            {"model_id": summary.id, "category": category, "score": score}
            for category, score in summary.top_scores.items()
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
    """Return the unknown fields, or None if there are none.

    Integers beyond 64 bits, NaN and Infinity become text.
    """
    if not extra:
        return None
    return json.loads(json.dumps(extra), parse_int=_parse_int, parse_constant=str)


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
        fields |= {f"{child}.{key}" for entry in row.get(child, ()) for key in entry["extra"] or ()}
    return fields
