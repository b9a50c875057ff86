"""HTTP responses: bounded bodies, error bodies, model records, catalog pages."""

from __future__ import annotations

import codecs
import datetime as dt
import zlib
from collections.abc import Callable
from http.client import HTTPException, responses
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import HTTPError

from llm_stats.errors import NothingFetched, RecordRejected
from llm_stats.schema.fetch import Validators
from llm_stats.schema.json_body import parse_json
from llm_stats.schema.metadata import read_count
from llm_stats.schema.parse import parse_record
from llm_stats.schema.record import Record

_NETWORK_ERRORS = (OSError, HTTPException, HTTPError)
MAX_BODY_BYTES = 10 * 1024 * 1024


class Body(NamedTuple):
    """The body of a 200 or 404 response, its arrival time (UTC), and some of its headers.

    A conditional request may also get a 304 with an empty body.
    """

    content: bytes
    received_at: dt.datetime
    status: int = 200
    validators: Validators = Validators()
    request_id: str = ""


class BadResponse(Exception):
    """Error for a missing or unusable response; if `transient`, a retry may succeed."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.transient = status, code, transient


class WrongCatalogRecord(RecordRejected):
    """Error for a record without scores and sources; the base URL is probably wrong."""


def read_body(response: requests.Response) -> bytes:
    """Return the whole body, decompressed.

    Raises `BadResponse` if the body is too large, and `zlib.error` for invalid gzip. The body is
    decompressed here and not by urllib3, which has no size limit.
    """
    status = response.status_code
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        message = f"the body has the encoding {encoding[:20]!r}, which was not requested"
        raise BadResponse(message, status=status)
    gunzip = _BoundedGunzip() if "gzip" in encoding else None
    body = bytearray()
    while chunk := response.raw.read1(65536, decode_content=False):
        body += gunzip.decompress(chunk, MAX_BODY_BYTES + 1 - len(body)) if gunzip else chunk
        if len(body) > MAX_BODY_BYTES:
            message = f"the body is over {MAX_BODY_BYTES // 1024 // 1024} MB"
            raise BadResponse(message, status=status)
    return bytes(body)


class _BoundedGunzip:
    """A gzip decompressor with limited output; the input may consist of several gzip members."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def decompress(self, chunk: bytes, limit: int) -> bytes:
        output = b""
        while chunk and len(output) < limit:
            if self._member.eof:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            output += self._member.decompress(chunk, limit - len(output))
            chunk = self._member.unconsumed_tail or self._member.unused_data
        return output


def parse_error_body(body: bytes) -> dict[str, str]:
    """Return the error in a body as `{"code": …, "message": …, "help_url": …}`; `{}` if none.

    The API documents `{"error": {"code", …}}` and `{"detail": [{"loc", "msg", "type"}]}`.
    Proxies and gateways in front of an API send `{"error": "text"}`, `{"detail": "text"}` and
    `{"message": "text"}`.
    """
    try:
        document = parse_json(body)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    error, detail = document.get("error"), document.get("detail")
    if isinstance(error, dict):
        scalars = str | int | float
        return {key: str(value) for key, value in error.items() if isinstance(value, scalars)}
    if isinstance(detail, list):
        problems = [problem for problem in detail if isinstance(problem, dict)]
        message = "; ".join(f"{problem.get('loc')}: {problem.get('msg')}" for problem in problems)
        return {"code": "invalid_request", "message": message}
    texts = [text for text in (error, detail, document.get("message")) if isinstance(text, str)]
    is_record_or_list = not document.keys().isdisjoint({"id", "models"})
    return {"message": texts[0]} if texts and texts[0] and not is_record_or_list else {}


def format_error(
    status: int,
    error: dict[str, str],
    redact: Callable[[str], str],
    *,
    reason: str | None = None,
    redirect: str = "",
) -> str:
    """Format an error: `HTTP 401 invalid_api_key: The key is unknown (https://…) (request id x)`.

    If the API sent no message, the reason phrase of the status is used. `redirect` is the
    description of a redirect (see `describe_redirect`). Messages are redacted before they are
    truncated, because `redact` would not recognize a truncated key.
    """
    code = redact(error.get("code", ""))[:100]
    if status == 200:
        prefix = f"an error with status 200: {code or 'no code'}"
    else:
        prefix = f"HTTP {status} {code}" if code else f"HTTP {status}"
    request_id = redact(error.get("request_id", ""))[:100]
    if 300 <= status < 400:
        return quote_request_id(f"{prefix}: {redirect}", request_id)
    message = error.get("message", reason or responses.get(status, "no reason given"))
    help_url = redact(error.get("help_url", ""))[:200]
    text = f"{prefix}: {redact(message)[:500]}" + (f" ({help_url})" if help_url else "")
    return quote_request_id(text, request_id)


def quote_request_id(message: str, request_id: str) -> str:
    """Append the request id to an error message, because the API's support needs the id."""
    return f"{message} (request id {request_id})" if request_id else message


def error_from_body(body: Body, redact: Callable[[str], str]) -> BadResponse:
    """Return the exception for a body that contains an error instead of data."""
    error = parse_error_body(body.content)
    if body.request_id:
        error["request_id"] = body.request_id
    message = format_error(body.status, error, redact)
    return BadResponse(message, status=body.status, code=error_code(error, redact))


def error_code(error: dict[str, str], redact: Callable[[str], str]) -> str | None:
    """Return the API's own error code; None if there is none."""
    return redact(error["code"])[:100] if "code" in error else None


def root_cause_message(error: BaseException) -> str:
    """Return the message of the innermost network error, such as `Connection refused`."""
    while isinstance(
        inner := error.__cause__ or error.__context__ or getattr(error, "reason", None),
        _NETWORK_ERRORS,
    ):
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def parse_record_body(
    body: Body, model_id: str, base_url: str, redact: Callable[[str], str]
) -> Record:
    """Return the record in a body.

    Raises `RecordRejected` for a record that violates the contract, `WrongCatalogRecord` for a
    record without scores and sources, and `BadResponse` for a 404, an error with status
    200, or invalid JSON.
    """
    if body.status == 404:
        raise error_from_body(body, redact)
    content = body.content
    try:
        return parse_record(content, model_id)
    except RecordRejected:
        try:
            document = parse_json(content)
        except ValueError:
            message = f"the response is {_describe_invalid_json(content)}, not a model record"
            raise BadResponse(quote_request_id(message, body.request_id), status=200) from None
        if parse_error_body(content):
            raise error_from_body(body, redact) from None
        if isinstance(document, dict) and document.keys().isdisjoint({"scores", "sources"}):
            message = f"{base_url} returns records without scores; wrong base URL?"
            raise WrongCatalogRecord(message) from None
        raise


def _describe_invalid_json(content: bytes) -> str:
    text = content.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text:
        return "empty"
    return "HTML" if text.startswith(b"<") else "truncated or invalid JSON"


class CatalogPage(NamedTuple):
    """One page of the catalog: entries, cursor of the next page, and total number of models."""

    entries: list[Any]
    next_cursor: str | None
    total: int | None


def parse_catalog_page(content: bytes, base_url: str) -> CatalogPage:
    """Return a page of the catalog. Raises `NothingFetched` for any other body."""
    try:
        page = parse_json(content)
        entries, cursor, total = page["models"], page.get("next_cursor"), page.get("total")
        if not isinstance(entries, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"{base_url}/models did not return a list of models; wrong base URL?"
        raise NothingFetched(message) from None
    return CatalogPage(entries, str(cursor) if cursor else None, read_count(total))
