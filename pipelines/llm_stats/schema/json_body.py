"""JSON bodies: one parser for records, catalog pages and errors."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

#: A surrogate pair, a lone surrogate (group 1), or another escape in the text of a JSON string.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(body: bytes | str) -> Any:
    """Return the value of a JSON text; bytes are UTF-8, with or without a byte order mark.

    Lone surrogates stay in the strings: see `schema.metadata`. `NaN` and `Infinity` are accepted.
    Raises `ValueError` for invalid or truncated JSON, and for more than 200 levels of nesting.
    """
    text = decode_body(body)
    try:
        return from_json(text)
    except ValueError:  # `from_json` rejects lone surrogates
        if not may_have_surrogates(text):
            raise
        # raises for any defect other than lone surrogates
        from_json(_ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text))
        return json.loads(text)


def decode_body(body: bytes | str) -> str:
    """Return the text of a body, without a byte order mark. Raises `ValueError`."""
    return body.decode("utf-8-sig") if isinstance(body, bytes) else body


def may_have_surrogates(text: str) -> bool:
    """Return whether a JSON text has an escaped surrogate, alone or in a pair."""
    return _SURROGATE.search(text) is not None
