"""Validation of records and summaries, with the reason for a rejection."""

from __future__ import annotations

import json
import operator
import typing
from typing import TypeVar

from pydantic import ValidationError

from llm_stats.errors import RecordRejected
from llm_stats.schema.json_body import decode_body, may_have_surrogates, parse_json
from llm_stats.schema.metadata import Reader, Readers, Unreadable, read_fields, replace_surrogates
from llm_stats.schema.record import Record, RecordPart, Score, Summary


def _readers(cls: type[RecordPart]) -> Readers:
    """Return the readers of the metadata fields of a class."""
    return {
        name: mark.read
        for name, field in cls.model_fields.items()
        for annotation in typing.get_args(field.annotation)
        for mark in getattr(annotation, "__metadata__", ())
        if isinstance(mark, Reader)
    }


_SUMMARY_READERS, _SCORE_READERS = _readers(Summary), _readers(Score)
AnySummary = TypeVar("AnySummary", bound=Summary)


def parse_record(body: bytes | str, model_id: str) -> Record:
    """Return the record in a response body.

    Raises `RecordRejected`, with the path of the first invalid field, if the record is invalid or
    belongs to a model other than `model_id`.
    """
    try:
        text = decode_body(body)
        document = parse_json(text)
    except ValueError as error:
        raise RecordRejected(f"record: Invalid JSON: {error}") from None
    unreadable: Unreadable = {}
    read = document
    if isinstance(document, dict):
        read = read_fields(document, _SUMMARY_READERS, unreadable)
        if isinstance(scores := document.get("scores"), list):
            read_scores = [
                read_fields(score, _SCORE_READERS, unreadable, ("scores", number))
                for number, score in enumerate(scores)
            ]
            if any(map(operator.is_not, read_scores, scores)):
                read = read | {"scores": read_scores}
    is_unchanged = read is document and not may_have_surrogates(text)
    record = _validate(Record, text if is_unchanged else _dump(read, unreadable), unreadable)
    if record.id != model_id:
        raise RecordRejected(f"id: requested {model_id!r}, received {record.id[:200]!r}")
    return record


def parse_summary(entry: object) -> Summary:
    """Return the summary in one entry of a catalog page; the entry may be any JSON value.

    Raises `RecordRejected`, with the path of the first invalid field.
    """
    unreadable: Unreadable = {}
    read = read_fields(entry, _SUMMARY_READERS, unreadable)
    return _validate(Summary, _dump(read, unreadable), unreadable)


def _dump(document: object, unreadable: Unreadable) -> str:
    """Return a JSON value as text without lone surrogates."""
    text = json.dumps(document)
    if may_have_surrogates(text):
        text = json.dumps(replace_surrogates(document, unreadable))
    return text


def _validate(cls: type[AnySummary], text: str, unreadable: Unreadable) -> AnySummary:
    try:
        summary = cls.model_validate_json(text)
    except ValidationError as error:
        raise RecordRejected(_explain_error(error)) from None
    summary.unreadable.update(unreadable)
    return summary


def _explain_error(error: ValidationError) -> str:
    """Format an error: `providers[0].status: Input should be …, got 1 (and 2 more)`."""
    details = error.errors(include_url=False, include_context=False)
    first = details[0]
    path = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]
    ).lstrip(".")
    value = "" if first["type"] in ("missing", "json_invalid") else f", got {first['input']!r:.80}"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{path or 'record'}: {first['msg']}{value}{more}"
