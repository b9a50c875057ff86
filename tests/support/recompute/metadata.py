"""Metadata as the warehouse reads it: unreadable dates, times and counts become null."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

#: Key under which a prepared record or score has its unreadable values: `{path: original text}`.
UNREADABLE = "_unreadable"


def read_record(record: dict[str, Any]) -> dict[str, Any]:
    return _read(
        record,
        context_window=_count,
        param_count=_count,
        release_date=_date,
        created_at=_time,
        updated_at=_time,
    )


def read_score(score: dict[str, Any]) -> dict[str, Any]:
    return _read(score, scored_at=_time, rank=_integer)


def _read(part: dict[str, Any], **readers: Any) -> dict[str, Any]:
    result, texts = dict(part), dict[str, str]()
    for name, value in part.items():
        if value is None:
            continue
        if name in readers:
            result[name] = readers[name](value)
            if result[name] is None:
                texts[name] = value if isinstance(value, str) else json.dumps(value)
        elif isinstance(value, str) and (halves := re.findall("[\ud800-\udfff]", value)):
            texts[name] = value
            for half in halves:
                texts[name] = texts[name].replace(half, f"\\u{ord(half):x}")
                result[name] = result[name].replace(half, "\N{REPLACEMENT CHARACTER}")
    return result | {UNREADABLE: texts}


def _integer(value: object) -> int | None:
    is_number = type(value) is int or (type(value) is float and value % 1 == 0)
    return int(value) if is_number and abs(value) < 2**63 else None  # type: ignore[call-overload,arg-type]


def _count(value: object) -> int | None:
    number = _integer(value)
    return number if number is not None and number >= 0 else None


def _time(value: object) -> str | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return value


def _date(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    day = value.partition("T")[0]
    try:
        return dt.date.fromisoformat(day).isoformat() if len(day) == 10 else None
    except ValueError:
        return None
