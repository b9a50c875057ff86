"""HTTP messages of the sample API: received requests, and responses with JSON bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses
from urllib.parse import unquote


@dataclass
class Request:
    """A received request."""

    at: float  # time of arrival, from `time.monotonic()`
    path: str  # percent-encoded
    query: str
    headers: Mapping[str, str]  # by lower-case name
    status: int = 0  # status of the response; 0 until it is known

    @property
    def route(self) -> str:
        """Path after `/v1`, such as `/models/aurora-large-1`."""
        return self.path.partition("/v1")[2]

    @property
    def model_id(self) -> str | None:
        """The requested model; None for other routes."""
        before, _, encoded = self.route.partition("/models/")
        is_model = encoded and not before and "/" not in encoded
        return unquote(encoded) if is_model else None


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        """Status line and headers, with the length of the body."""
        lines = [f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}"]
        headers = dict(self.headers)
        if self.status != 304:  # the length would be that of the body of a 200
            headers["Content-Length"] = str(len(self.body))
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_response(payload: object, status: int = 200) -> Response:
    """Return a response with a JSON body; a lone surrogate becomes a JSON escape."""
    body = json.dumps(payload, ensure_ascii=False).encode(errors="backslashreplace")
    return Response(status, body, {"Content-Type": "application/json"})


def error_response(status: int, code: str, message: str, **details: str | None) -> Response:
    """Return an error in the API's documented envelope; details that are None are omitted."""
    help_url = f"https://sample.invalid/errors/{code}"
    error = {"code": code, "message": message, "help_url": help_url, **details}
    return json_response({"error": {k: v for k, v in error.items() if v is not None}}, status)
