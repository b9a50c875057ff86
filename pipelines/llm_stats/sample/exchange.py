"""What passes between a client and the sample API: a request as it arrived, an answer and how it travels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """An HTTP response, and how it travels."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    """Seconds before the first byte."""
    drip: float = 0
    """Seconds before each single byte of the body; 0: all at once."""
    sends: int | None = None
    """Bytes of the body that leave before the connection is cut, whatever Content-Length says; None: all."""
    dropped: bool = False
    """True: the connection is closed without a word."""


def as_json(payload: object, status: int = 200) -> Response:
    body = json.dumps(payload, ensure_ascii=False).encode(errors="backslashreplace")  # half a surrogate pair, as JSON writes it
    return Response(status, body, {"Content-Type": "application/json"})


def error(status: int, code: str, message: str, **details: str | None) -> Response:
    """The documented envelope: `{"error": {"code": "not_found", "message": "…", "help_url": "…"}}`; a detail that is None is left out."""
    more = {name: value for name, value in details.items() if value is not None}
    return as_json({"error": {"code": code, "message": message, "help_url": f"https://sample.invalid/errors/{code}", **more}}, status)


def not_found(what: str) -> Response:
    return error(404, "not_found", f"There is no {what}.")
