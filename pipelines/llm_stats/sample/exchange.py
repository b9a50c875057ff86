"""What passes between a client and the sample API: a request as it arrived, an answer and how it travels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses
from urllib.parse import unquote


@dataclass
class Request:
    """A request as it arrived, and the status it was answered with (0: not yet, or never)."""

    at: float
    """Monotonic seconds of arrival."""
    target: str
    """Path and query as sent, still percent-encoded."""
    headers: Mapping[str, str]
    """Under lower-case names."""
    status: int = 0

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def route(self) -> str:
        """The path below the version: `/models/aurora-large-1`."""
        return self.path.partition("/v1")[2]

    @property
    def model_id(self) -> str | None:
        """The model asked for; None for any other route."""
        parent, is_model, encoded = self.route.partition("/models/")
        return unquote(encoded) if is_model and encoded and not parent and "/" not in encoded else None

    @property
    def carries_key(self) -> bool:
        return "authorization" in self.headers


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        """Status line and headers, with the length of the body."""
        fields = {**self.headers, "Content-Length": len(self.body)}
        lines = [
            f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_response(payload: object, status: int = 200) -> Response:
    text = json.dumps(payload, ensure_ascii=False)
    body = text.encode(errors="backslashreplace")  # a lone surrogate becomes a JSON escape
    return Response(status, body, {"Content-Type": "application/json"})


def error_response(status: int, code: str, message: str, **details: str | None) -> Response:
    """Return an error in the documented envelope; details that are None are left out.

    `{"error": {"code": "not_found", "message": "…", "help_url": "…"}}`
    """
    help_url = f"https://sample.invalid/errors/{code}"
    more = {name: value for name, value in details.items() if value is not None}
    return json_response({"error": {"code": code, "message": message, "help_url": help_url, **more}}, status)


def not_found(what: str) -> Response:
    return error_response(404, "not_found", f"There is no {what}.")
