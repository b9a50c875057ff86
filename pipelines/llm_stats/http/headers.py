"""HTTP headers: dates, Retry-After, validators of conditional requests, request ids."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Callable, Mapping

from llm_stats.schema.fetch import Validators

#: Maximum length of a validator to store and send back.
_MAX_VALIDATOR_LENGTH = 1000
_MAX_REQUEST_ID_LENGTH = 100
#: An entity tag (RFC 9110, section 8.8.3). A list of tags, or `*`, would match other bodies too.
_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the header Retry-After requests; None without a valid header.

    The value of the header is a number of seconds (`30`, `2.5`) or a time
    (`Wed, 21 Oct 2026 07:28:00 GMT`).
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return float(value)
    if (until := _parse_http_date(value)) is None:
        return None
    return max(0.0, (until - server_time(headers)).total_seconds())


def server_time(headers: Mapping[str, str]) -> dt.datetime:
    """Return the time in the header Date, or else the time of this machine (UTC).

    Callers compare the times in other headers with this time, because the server's clock may differ
    from ours.
    """
    return _parse_http_date(headers.get("Date", "")) or dt.datetime.now(dt.UTC)


def _parse_http_date(value: str) -> dt.datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=dt.UTC)


def read_validators(headers: Mapping[str, str], redact: Callable[[str], str]) -> Validators:
    """Return ETag and Last-Modified.

    A value is ignored if it is too long, is not printable ASCII, or contains the API key. A valid
    ETag has the form `"1"` or `W/"1"`; any other ETag is ignored.
    """

    def read(name: str) -> str | None:
        value = printable(headers.get(name), _MAX_VALIDATOR_LENGTH)
        return value if value and redact(value) == value else None

    etag = read("ETag")
    is_entity_tag = etag and _ENTITY_TAG.fullmatch(etag)
    return Validators(etag if is_entity_tag else None, read("Last-Modified"))


def read_request_id(headers: Mapping[str, str]) -> str:
    """Return the value of the header X-Request-ID; empty if it is missing or invalid."""
    return printable(headers.get("X-Request-ID"), _MAX_REQUEST_ID_LENGTH) or ""


def printable(value: str | None, max_length: int) -> str | None:
    """Return a header's value if it is printable ASCII and not too long, otherwise None."""
    text = (value or "").strip()
    return text if re.fullmatch(r"[ -~]+", text) and len(text) <= max_length else None
