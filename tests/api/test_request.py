"""Requests: headers and idempotency keys, and the state of a client without a cache."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from llm_stats.api.request import MemoryState, PendingRequest
from llm_stats.schema.fetch import Validators

URL = "https://api/models/m"
BOTH = Validators('"tag"', "yesterday")


def test_condition_is_the_etag_or_the_time() -> None:
    def condition(**options: object) -> dict[str, str]:
        headers = PendingRequest(URL, **options).headers("seed")  # type: ignore[arg-type]
        assert len(headers.pop("Idempotency-Key")) == 64
        return headers

    assert condition() == {}
    assert condition(validators=BOTH) == {"If-None-Match": '"tag"'}
    assert condition(validators=Validators(None, "yesterday")) == {"If-Modified-Since": "yesterday"}
    assert condition(validators=BOTH, bypasses_caches=True) == {"Cache-Control": "no-cache"}


def test_every_request_has_its_own_key() -> None:
    requests = [
        PendingRequest(URL),
        PendingRequest(URL + "2"),
        PendingRequest(URL, BOTH),
        PendingRequest(URL, Validators(None, "yesterday")),
        PendingRequest(URL, bypasses_caches=True),
    ]
    keys = {request.headers(seed)["Idempotency-Key"] for request in requests for seed in "ab"}
    assert len(keys) == 10
    key = PendingRequest(URL).headers("seed")["Idempotency-Key"]
    expected = "57a9c6136278d2fa875949787f02f92cdef8a1a9c61387a7be29515f02f8aea1"
    assert key == expected, "the key of an earlier version"


def test_request_is_conditional_with_a_validator() -> None:
    assert not PendingRequest(URL).is_conditional
    assert PendingRequest(URL, Validators('"tag"', None)).is_conditional
    assert PendingRequest(URL, Validators(None, "yesterday")).is_conditional
    assert PendingRequest(URL).attempts == 0
    assert 0 <= PendingRequest(URL).started - time.monotonic() + 60 < 120


def test_seed_of_a_client_without_a_cache_is_replaced_at_midnight() -> None:
    state = MemoryState()
    seed = state.idempotency_seed()
    assert len(seed) == 32
    assert state.idempotency_seed() == seed
    state._seed = dt.date(2026, 1, 1), seed
    assert state.idempotency_seed() != seed


def test_threads_of_a_client_without_a_cache_have_the_same_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The seed is created slowly, so that all threads ask for it before it exists."""

    def slow(size: int, create: Callable[[int], str] = secrets.token_hex) -> str:
        time.sleep(0.05)
        return create(size)

    monkeypatch.setattr(secrets, "token_hex", slow)
    state = MemoryState()
    with ThreadPoolExecutor(4) as threads:
        seeds = [threads.submit(state.idempotency_seed) for _ in range(4)]
    assert len({seed.result() for seed in seeds}) == 1
