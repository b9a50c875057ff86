"""Requests: one URL to fetch, its headers, and the state that outlives a run.

If-None-Match: "33a64df5"         ETag of the record in the warehouse
Idempotency-Key: 5b3c…            the same for all attempts, so that they use one quota unit
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

from llm_stats.api.quota import Quota
from llm_stats.schema.fetch import Validators


@dataclass
class PendingRequest:
    """One URL to fetch; `attempts` is the number of requests sent for this URL so far.

    `validators` make the request conditional. `bypasses_caches` is set if a cache returned 304 for
    a request without a condition.
    """

    url: str
    validators: Validators = Validators()  # noqa: RUF009  immutable
    bypasses_caches: bool = False
    attempts: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def is_conditional(self) -> bool:
        """Whether the API may return 304."""
        return any(self.validators)

    def headers(self, seed: str) -> dict[str, str]:
        """Return the headers that are specific to this request.

        The idempotency key is a hash of `seed`, the URL and the other headers. The headers are
        included, so that a request with a new ETag never gets the 304 for an old ETag.
        """
        headers = {}
        if self.bypasses_caches:
            headers["Cache-Control"] = "no-cache"
        elif self.validators.etag:
            headers["If-None-Match"] = self.validators.etag
        elif self.validators.last_modified:
            headers["If-Modified-Since"] = self.validators.last_modified
        request = "\n".join([seed, self.url, *(f"{name}: {headers[name]}" for name in headers)])
        key = hashlib.blake2b(request.encode(), digest_size=32).hexdigest()
        return {**headers, "Idempotency-Key": key}


class RequestState(Protocol):
    """Store of the request log, the seed of the idempotency keys, and the quota, for later runs.

    The methods raise `OSError` if the state cannot be written.
    """

    def log_request(self) -> None:
        """Add the current time to the request log."""

    def idempotency_seed(self) -> str:
        """Return the random part of the idempotency keys; it is replaced at 00:00 UTC."""
        ...

    def store_quota(self, quota: Quota) -> None:
        """Store the quota after the last response."""


class MemoryState:
    """The request state of a client without a response cache, kept only in memory."""

    def __init__(self) -> None:
        self._seed: tuple[dt.date, str] | None = None
        self._lock = threading.Lock()

    def log_request(self) -> None:
        pass

    def idempotency_seed(self) -> str:
        today = dt.datetime.now(dt.UTC).date()
        with self._lock:
            if self._seed is None or self._seed[0] != today:
                self._seed = today, secrets.token_hex(16)
            return self._seed[1]

    def store_quota(self, quota: Quota) -> None:
        pass
