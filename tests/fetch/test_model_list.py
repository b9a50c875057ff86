"""Model list: pages, retries, unusable lists."""

from __future__ import annotations

import itertools

import pytest
from fake_api import faults, when
from fake_api.faults import LIST, Fault
from fake_api.server import FakeApi
from llm_stats.errors import NothingFetched, QuotaSpent
from llm_stats.sample import SampleApi
from llm_stats.sample.api import Request, Response, json_response
from support.client_helpers import (
    IDS,
    RECORDS,
    client_of,
)

INVALID_LISTS: dict[str, tuple[Fault, type[Exception], str]] = {
    "down": (
        faults.error(500),
        NothingFetched,
        "the list of models could not be read: HTTP 500 internal_error",
    ),
    "key": (
        faults.error(401),
        NothingFetched,
        "the API rejected the key: HTTP 401 invalid_api_key",
    ),
    "quota": (
        faults.quota(),
        QuotaSpent,
        "the quota is spent: HTTP 429 quota_exceeded: Daily quota spent.*resets at",
    ),
    "html": (faults.html(), NothingFetched, "did not return a list of models; wrong base URL"),
    "null": (lambda *_: json_response(None), NothingFetched, "did not return a list of models"),
    "no ids": (
        lambda *_: json_response({"models": ["a"]}),
        NothingFetched,
        "did not return a list of models",
    ),
    "empty": (
        lambda *_: json_response({"models": []}),
        NothingFetched,
        "/models lists no models; wrong base URL",
    ),
    "empty with a cursor": (
        lambda *_: json_response({"models": [], "next_cursor": "x"}),
        NothingFetched,
        "lists no models",
    ),
    "unknown": (
        faults.error(404),
        NothingFetched,
        "could not be read: HTTP 404 not_found: The sample.*wrong base URL",
    ),
    "error with 200": (
        lambda *_: json_response(
            {"error": {"code": "x", "message": "Not today.", "help_url": "https://help.invalid"}}
        ),
        NothingFetched,
        r"could not be read: an error with status 200: x: Not today\. \(https://help\.invalid\)",
    ),
    "expired": (
        faults.error(410),
        NothingFetched,
        "the list of models could not be read: HTTP 410",
    ),
}


class TestList:
    def test_is_read_page_by_page(self, api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("llm_stats.fetch.model_list._PAGE_SIZE", 7)
        with client_of(api) as client:
            assert client.list_models() == IDS
        assert len(api.requests) == client.requests_sent == 5

    @pytest.mark.parametrize("repeats", [True, False], ids=["same page", "empty page"])
    def test_ends_at_a_page_without_new_ids(self, repeats: bool) -> None:
        """Each page has a new cursor, so following cursors alone would never end."""
        cursors = itertools.count()

        def endless(request: Request, _: Response) -> Response:
            is_first = "cursor" not in request.query
            models = [{"id": model_id} for model_id in IDS[:3]] if repeats or is_first else []
            return json_response({"models": models, "next_cursor": str(next(cursors))})

        with FakeApi(RECORDS, faults={LIST: endless}) as api, client_of(api) as client:
            assert client.list_models() == IDS[:3]
        assert len(api.requests) == 2

    def test_is_retried(self) -> None:
        with (
            FakeApi(RECORDS, faults={LIST: when.first(2, faults.error(500))}) as api,
            client_of(api) as client,
        ):
            assert client.list_models() == IDS

    @pytest.mark.parametrize(
        ("fault", "error", "message"), INVALID_LISTS.values(), ids=INVALID_LISTS
    )
    def test_unusable_list_is_an_error(
        self, fault: Fault, error: type[Exception], message: str
    ) -> None:
        with (
            FakeApi(RECORDS, faults={LIST: fault}) as api,
            client_of(api) as client,
            pytest.raises(error, match=message),
        ):
            client.list_models()
        assert len(api.requests) <= 3
