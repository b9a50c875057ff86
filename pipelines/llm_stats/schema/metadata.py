"""Metadata: dates, times and counts that may be unreadable, and texts with lone surrogates.

If a date, time, count or rank cannot be read, the prices of its model still load. The value becomes
null, and its original text is kept:

    JSON:   {"context_window": 128000.5, "release_date": "2025-09-30T00:00:00Z"}
    values: {"context_window": None, "release_date": "2025-09-30"}
    kept:   {"context_window": "128000.5"}

A lone surrogate (half of a UTF-16 pair) is not a character, and no database stores it. It becomes
U+FFFD, and the original text is kept. Kept texts are cut to 200 characters.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError


def as_utc(time: dt.datetime) -> dt.datetime:
    """Return the time in UTC without a time zone; all times are stored in this form.

    A time without a time zone is taken as UTC.
    """
    try:
        return time.astimezone(dt.UTC).replace(tzinfo=None) if time.tzinfo else time
    except OverflowError:  # the time is within a day of the smallest or largest datetime
        raise ValueError("the time is out of range") from None


@dataclass(frozen=True)
class Reader:
    """Annotation of a metadata type. `read` returns the JSON value to validate, or None."""

    read: Callable[[Any], Any]


#: Keys and list indexes that lead to a value in a JSON document: `("scores", 0, "rank")`.
JsonPath = tuple[str | int, ...]
#: The original texts of unreadable values, by path.
Unreadable = dict[JsonPath, str]
#: The functions that read metadata, by field name.
Readers = Mapping[str, Callable[[Any], Any]]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt _][0-9]{2}:.*", re.DOTALL)
_DATES, _TIMES = TypeAdapter(dt.date), TypeAdapter(dt.datetime)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Maximum length of the texts and paths of unreadable values, before escaping.
_MAX_LENGTH = 200
#: Matches each character that is not allowed in a formatted path.
_UNSAFE_IN_PATH = re.compile(r"[^\w.\[\]-]")


def read_count(value: object) -> int | None:
    """Return a whole number from 0 to 2^63 - 1, or None; `128000.0` is a whole number."""
    number = read_integer(value)
    return None if number is None or number < 0 else number


def read_integer(value: object) -> int | None:
    """Return a whole number of 64 bits, or None; `1.0` is a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if -(2**63) <= value < 2**63 else None


def read_time(value: object) -> str | None:
    """Return the text of a time such as `2025-09-30T00:00:00Z`; None for another value."""
    return value if isinstance(value, str) and _is_time(value) else None


@functools.lru_cache(maxsize=10_000)  # many scores have the same time
def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        as_utc(_TIMES.validate_python(text))
    except ValueError:
        return False
    return True


def read_date(value: object) -> str | None:
    """Return the date of `2025-09-30` or `2025-09-30T00:00:00Z`; `2025-09` is not a date."""
    if not isinstance(value, str) or not (_DATE.fullmatch(value) or read_time(value)):
        return None
    try:
        _DATES.validate_python(value[:10])
    except ValidationError:
        return None
    return value[:10]


def read_fields(part: Any, readers: Readers, unreadable: Unreadable, path: JsonPath = ()) -> Any:
    """Return a JSON object with its metadata fields converted by `readers`.

    A value that cannot be read becomes None, and its text is added to `unreadable`. A JSON value
    that is not an object is returned unchanged.
    """
    if not isinstance(part, dict):
        return part
    changed = {}
    for name, read in readers.items():
        if (value := part.get(name)) is not None:
            if (new_value := read(value)) is not value:
                changed[name] = new_value
            if new_value is None:
                unreadable[*path, name] = _text(value)
    return part | changed if changed else part


def replace_surrogates(value: Any, unreadable: Unreadable, path: JsonPath = ()) -> Any:
    """Return a JSON value without lone surrogates; add the original texts to `unreadable`."""
    if isinstance(value, str):
        if not _SURROGATE.search(value):
            return value
        unreadable[path] = _text(value)
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [
            replace_surrogates(entry, unreadable, (*path, number))
            for number, entry in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    replaced = {}
    for key, entry in value.items():
        new_key = replace_surrogates(key, unreadable, (*path, key))
        replaced[new_key] = replace_surrogates(entry, unreadable, (*path, key))
    return replaced


def format_path(path: JsonPath) -> str:
    """Format a path: `providers[0].provider_name`.

    A long path is cut. Characters other than letters, digits and `_.[]-` become U+FFFD.
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return _UNSAFE_IN_PATH.sub("\ufffd", text.removeprefix(".")[:_MAX_LENGTH])


def _text(value: object) -> str:
    """Return a value as text without characters that a database cannot store.

    A long text is cut to the characters around its first lone surrogate; without one, to its start.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    surrogate = _SURROGATE.search(text)
    start = max(0, surrogate.start() - _MAX_LENGTH // 2) if surrogate else 0
    end = start + _MAX_LENGTH
    excerpt = f"{'…' if start else ''}{text[start:end]}{'…' if text[end:] else ''}"
    return excerpt.encode(errors="backslashreplace").decode().replace("\0", "\\u0000")
