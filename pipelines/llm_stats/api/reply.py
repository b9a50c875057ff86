"""What the answer to the question for one model turns out to be: its record, a bad one, another catalogue's, or none at all."""

from __future__ import annotations

import json
from collections.abc import Callable

from llm_stats.api.responses import Body, Unusable, envelope, words
from llm_stats.errors import RecordRejected
from llm_stats.schema import record


class LookAlike(RecordRejected):
    """A record of another catalogue, which answers at the host's other addresses, without a key."""


def parse(body: Body, model_id: str, base_url: str, redact: Callable[[str], str]) -> record.Record:
    """The record in a body.

    Raises `RecordRejected` for a record that breaks the contract, `LookAlike` for another catalogue's, and `Unusable` for a 404, an error
    in disguise, or what is not JSON.
    """
    if body.status == 404:
        raise as_error(body, redact)
    try:
        return record.parse(body.content, model_id)
    except RecordRejected:
        content = body.content
        try:
            document = json.loads(content.decode())  # from bytes, it would read what is no JSON: UTF-16, a byte order mark
        except (ValueError, RecursionError):
            kind = "HTML" if content.lstrip()[:1] == b"<" else "nothing" if not content.strip() else "truncated or broken JSON"
            raise Unusable(f"the answer is {kind}, not a model record", status=200) from None
        if envelope(content):
            raise as_error(body, redact) from None
        if isinstance(document, dict) and document.keys().isdisjoint({"scores", "sources"}):
            raise LookAlike(f"{base_url} answers records without scores; wrong base URL?") from None
        raise


def as_error(body: Body, redact: Callable[[str], str]) -> Unusable:
    """What a body says that holds no more than an error."""
    error = envelope(body.content)
    return Unusable(words(body.status, error, redact), status=body.status, code=code(error, redact))


def code(error: dict[str, str], redact: Callable[[str], str]) -> str | None:
    """The API's own code of an error, if it gives one."""
    return redact(error["code"])[:100] if "code" in error else None
