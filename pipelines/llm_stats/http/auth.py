"""API key: the authorization header, and redaction of the key in responses."""

from __future__ import annotations

import re

import requests

_MIN_SECRET_LENGTH = 8
#: Start of a JSON escape. Characters of the key can be escaped, for example as `\u002d` or `\/`.
_ESCAPE = re.compile(rb"\\(?:u00[2-7]|[/\"\\])")


class BearerAuth(requests.auth.AuthBase):
    """The API key, sent in the `Authorization` header.

    Set as the `auth` of a session, the key takes precedence over credentials in `.netrc`.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        is_long_enough = len(key) >= _MIN_SECRET_LENGTH
        self._pattern = _json_escaped_pattern(key) if is_long_enough else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def redact(self, text: str) -> str:
        """Replace the API key with `***`, because a server may echo the key."""
        return text.replace(self._key, "***") if self._key else text

    def redact_body(self, body: bytes) -> bytes:
        """Replace the API key in a JSON body with `***`, even if JSON escapes encode the key.

        A key shorter than 8 characters is not replaced, because it could also be an ordinary word
        in a record.
        """
        if self._pattern is None:
            return body
        redacted = body.replace(self._key.encode(), b"***")
        return self._pattern.sub(b"***", redacted) if _ESCAPE.search(redacted) else redacted


def _json_escaped_pattern(key: str) -> re.Pattern[bytes]:
    r"""Return a pattern that finds the key in JSON, with or without escapes: `sk\u002dlive`."""
    spellings = (
        rf"(?:{re.escape(letter)}|\\u00(?i:{ord(letter):02x})"
        + (rf"|\\{re.escape(letter)})" if letter in '/"\\' else ")")
        for letter in key
    )
    return re.compile("".join(spellings).encode())
