"""Reader of the catalog: pages, gaps, invalid entries, errors of the first page."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
from fake_api import faults, when
from fake_api.faults import LIST, Fault
from fake_api.server import FakeApi
from llm_stats.errors import NothingFetched, QuotaSpent
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.catalog import Catalog
from llm_stats.sample import SAMPLE_KEY, SampleApi, summary_of
from llm_stats.sample.http import Request, Response, json_response
from support.client_helpers import IDS, ONE, RECORDS, TWO, client_of

SUMMARIES = [summary_of(record) for record in RECORDS]


def read(api: SampleApi, **options: Any) -> Catalog:
    with client_of(api, **options) as client:
        return client.read_catalog()


def read_faulty(fault: Fault, **options: Any) -> tuple[Catalog, FakeApi]:
    """Read three pages of ten models from an API with a fault; return the catalog and the API."""
    with FakeApi(RECORDS, page_size=10, faults={LIST: fault}) as api:
        return read(api, **options), api


def read_published(summaries: list[Any], total: int | None = None, page_size: int = 200) -> Catalog:
    with SampleApi(RECORDS, page_size=page_size) as api:
        api.publish(RECORDS, summaries, total)
        return read(api)


class TestPages:
    @pytest.mark.parametrize(("page_size", "pages"), [(200, 1), (10, 3), (7, 5)])
    def test_are_read_by_cursor(self, page_size: int, pages: int) -> None:
        with SampleApi(RECORDS, page_size=page_size) as api:
            catalog = read(api)
        assert catalog.model_ids == IDS
        assert catalog.pages == len(api.requests) == pages
        assert catalog.total == 30
        assert catalog.gap is None
        assert catalog.cut_off is None
        assert catalog.versions.keys() == set(IDS)
        assert [row["id"] for row in catalog.changed] == IDS

    def test_byte_order_mark_is_read(self) -> None:
        catalog, _ = read_faulty(faults.byte_order_mark())
        assert catalog.model_ids == IDS
        assert catalog.gap is None

    def test_only_new_and_changed_summaries_are_returned(self, api: SampleApi) -> None:
        stored = read(api).versions
        changed = copy.deepcopy(RECORDS)
        changed[3]["providers"][0]["input_price_per_m"] += 1
        changed[4]["popularity"] = 5
        changed.append(RECORDS[0] | {"id": "new"})
        api.publish(changed)
        with client_of(api) as client:
            catalog = client.read_catalog(stored)
        assert [row["id"] for row in catalog.changed] == [IDS[3], "new"]
        assert catalog.versions.keys() == {*IDS, "new"}

    def test_failed_page_is_retried(self) -> None:
        catalog, api = read_faulty(when.first(2, faults.error(500)))
        assert catalog.gap is None
        assert len(api.requests) == 5

    def test_are_never_cached(self, cache: ResponseCache) -> None:
        with SampleApi(RECORDS, page_size=10) as api:
            read(api, cache=cache)
            api.publish(RECORDS[:25])
            assert read(api, cache=cache).model_ids == IDS[:25]
        assert len(api.requests) == 6
        assert cache.cached_count == 0


class TestIncompleteRead:
    """Reads that end early, or list more or fewer models than `total`; `gap` states why."""

    @pytest.mark.parametrize(
        ("fault", "requests", "reason"),
        [
            (faults.error(410, "cursor_expired"), 1, "HTTP 410 cursor_expired: The sample"),
            (faults.error(500), 3, "HTTP 500 internal_error: The sample is set to fail."),
            (faults.dropped(), 3, "no response from http://127.0.0.1"),
            (faults.quota(), 1, "the quota is spent: HTTP 429 quota_exceeded"),
            (faults.error(401), 1, "HTTP 401 invalid_api_key"),
            (faults.error(404), 1, "HTTP 404 not_found"),
            (faults.html(), 1, "{url}/models did not return a list of models; wrong base URL?"),
            (faults.cut_json(), 1, "{url}/models did not return a list of models"),
        ],
        ids=["expired", "500", "dropped", "quota", "key", "404", "html", "cut"],
    )
    def test_page_that_does_not_arrive_ends_the_read(
        self, fault: Fault, requests: int, reason: str
    ) -> None:
        catalog, api = read_faulty(when.page(2, fault))
        assert catalog.model_ids == IDS[:10]
        assert catalog.versions.keys() == set(IDS[:10])
        is_quota = reason.startswith("the quota")
        assert catalog.cut_off == ("deferred" if is_quota else "failed")
        assert catalog.gap is not None
        assert catalog.gap.startswith(f"page 2 did not arrive: {reason.format(url=api.base_url)}")
        assert len(api.requests) == 1 + requests

    def test_budget_ends_the_read(self) -> None:
        catalog, api = read_faulty(lambda _, response: response, max_requests=2)
        assert catalog.gap == "page 3 did not arrive: the budget of 2 requests is spent"
        assert catalog.cut_off == "deferred"
        assert catalog.model_ids == IDS[:20]
        assert len(api.requests) == 2

    @pytest.mark.parametrize("page", [2, 3])
    def test_repeated_cursor_ends_the_read(self, page: int) -> None:
        catalog, api = read_faulty(when.page(page, faults.repeated_cursor()))
        assert catalog.gap == (
            f"page {page + 1} lists no new model, but has a cursor; {10 * page} models of 30 listed"
        )
        assert catalog.model_ids == IDS[: 10 * page]
        assert catalog.cut_off is None
        assert len(api.requests) == page + 1

    @pytest.mark.parametrize("repeats", [True, False], ids=["same page", "empty page"])
    def test_endless_cursors_end_the_read(self, repeats: bool) -> None:
        """Each page has a new cursor, so following cursors alone would never end."""
        cursors = itertools.count()

        def endless(request: Request, _: Response) -> Response:
            is_first = "cursor" not in request.query
            models = SUMMARIES[:3] if repeats or is_first else []
            return json_response({"models": models, "next_cursor": str(next(cursors)), "total": 30})

        catalog, api = read_faulty(endless)
        assert catalog.model_ids == IDS[:3]
        assert catalog.gap == ("page 2 lists no new model, but has a cursor; 3 models of 30 listed")
        assert len(api.requests) == 2

    @pytest.mark.parametrize(
        ("total", "gap"),
        [
            (31, "30 models of 31 listed"),
            (29, "30 models of 29 listed"),
            (0, "30 models of 0 listed"),
            ("30", "the API did not send the total number of models"),
            (True, "the API did not send the total number of models"),
            (30.5, "the API did not send the total number of models"),
            (30.0, None),
            (-1, "the API did not send the total number of models"),
            (2**63, "the API did not send the total number of models"),
        ],
    )
    def test_wrong_total_is_a_gap(self, total: Any, gap: str) -> None:
        assert read_published(SUMMARIES, total).gap == gap

    @pytest.mark.parametrize("page_size", [200, 10])
    def test_first_of_two_entries_with_the_same_id_counts(self, page_size: int) -> None:
        repeated = [*SUMMARIES, SUMMARIES[0] | {"name": "Later"}]
        catalog = read_published(repeated, 30, page_size=page_size)
        (first,) = (row for row in catalog.changed if row["id"] == ONE)
        assert first["name"] == SUMMARIES[0]["name"]

    def test_read_without_a_total_is_not_complete(self) -> None:
        catalog, _ = read_faulty(faults.missing("total"))
        assert catalog.gap == "the API did not send the total number of models"
        assert catalog.model_ids == IDS

    def test_short_page_is_a_gap(self) -> None:
        catalog, _ = read_faulty(when.page(2, faults.edited(lambda page: page["models"].pop())))
        assert catalog.gap == "29 models of 30 listed"

    def test_empty_last_page_is_a_gap(self) -> None:
        catalog, _ = read_faulty(when.page(3, faults.changed(models=[])))
        assert catalog.gap == "20 models of 30 listed"

    def test_repeated_page_is_a_gap_and_its_models_count_once(self) -> None:
        repeated = [*SUMMARIES[:10], *SUMMARIES[5:15], *SUMMARIES[15:25]]
        catalog = read_published(repeated, 30, page_size=10)
        assert catalog.gap == "25 models of 30 listed"
        assert catalog.model_ids == IDS[:25]
        assert [row["id"] for row in catalog.changed] == IDS[:25]
        assert catalog.pages == 3

    @pytest.mark.parametrize(
        "entry",
        [
            {},
            {"id": None},
            {"id": 7},
            {"id": ""},
            {"id": " "},
            {"id": ["m"]},
            None,
            "m",
            [],
            {name: value for name, value in SUMMARIES[0].items() if name != "id"},
        ],
        ids=repr,
    )
    def test_entry_without_an_id_is_a_gap(self, entry: object) -> None:
        catalog = read_published([entry, *SUMMARIES], 30)
        assert (catalog.gap or "").startswith("1 entry has no valid id: ")
        assert catalog.model_ids == IDS
        assert catalog.versions.keys() == set(IDS)
        assert catalog.rejected == {}

    @pytest.mark.parametrize(
        ("model_id", "shown"),
        [
            ("a\ud800\x1b", r'"a\ud800\u001b"'),
            (None, "null"),
            ("\ud800" * 1000, '"' + r"\ud800" * 13 + "…"),
        ],
        ids=["lone surrogate", "null", "long"],
    )
    def test_invalid_id_is_named_before_the_count(self, model_id: object, shown: str) -> None:
        catalog = read_published([*SUMMARIES, SUMMARIES[0] | {"id": model_id}], 31)
        assert catalog.gap == f"1 entry has no valid id: {shown}; 30 models of 31 listed"

    def test_first_three_invalid_ids_are_named(self) -> None:
        catalog = read_published([*SUMMARIES, *({"id": number} for number in range(5))], 30)
        assert catalog.gap == "5 entries have no valid id: 0, 1, 2, …"

    def test_key_in_an_invalid_id_is_redacted(self) -> None:
        catalog = read_published([*SUMMARIES, {"id": f"{SAMPLE_KEY}\ud800"}], 30)
        assert SAMPLE_KEY not in (catalog.gap or "")


class TestInvalidSummary:
    def test_is_rejected_alone(self) -> None:
        broken = [SUMMARIES[0] | {"providers": "none"}, {"id": TWO}, *SUMMARIES[2:]]
        catalog = read_published(broken)
        assert catalog.model_ids == IDS
        assert catalog.versions.keys() == set(IDS[2:])
        assert catalog.rejected == {
            ONE: "providers: Input should be a valid array, got 'none'",
            TWO: "name: Field required (and 11 more)",
        }
        assert catalog.gap is None
        assert catalog.has_summaries

    def test_record_with_scores_is_a_valid_summary(self) -> None:
        """In a summary, a field of the record, such as `scores`, counts as an unknown field."""
        catalog = read_published(RECORDS)
        assert catalog.rejected == {}
        assert [row["id"] for row in catalog.changed] == IDS

    def test_without_a_valid_one_on_the_first_page_only_ids_are_used(self) -> None:
        ids_only = [{"id": model_id} for model_id in IDS[:10]]
        catalog = read_published(ids_only + SUMMARIES[10:], page_size=10)
        assert not catalog.has_summaries
        assert catalog.model_ids == IDS
        assert catalog.changed == []
        assert catalog.rejected.keys() == set(IDS[:10])

    def test_reason_does_not_contain_the_key(self) -> None:
        broken = [SUMMARIES[0] | {"providers": f"for {SAMPLE_KEY}"}, *SUMMARIES[1:]]
        assert read_published(broken).rejected[ONE].endswith("got 'for ***'")


def list_of(*entries: object, **fields: object) -> Fault:
    return lambda *_: json_response({"models": list(entries), **fields})


UNUSABLE: dict[str, tuple[Fault, type[Exception], str]] = {
    "down": (
        faults.error(500),
        NothingFetched,
        "the catalog could not be read: HTTP 500 internal_error",
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
    "object": (
        lambda *_: json_response({"models": {"a": 1}}),
        NothingFetched,
        "did not return a list of models",
    ),
    "no ids": (list_of("a"), NothingFetched, "/models lists no models; wrong base URL"),
    "empty": (list_of(), NothingFetched, "/models lists no models; wrong base URL"),
    "empty with a cursor": (list_of(next_cursor="x"), NothingFetched, "lists no models"),
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
        faults.error(410, "cursor_expired"),
        NothingFetched,
        "the catalog could not be read: HTTP 410 cursor_expired",
    ),
}


@pytest.mark.parametrize(("fault", "error", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_first_page_is_an_error(
    fault: Fault, error: type[Exception], message: str
) -> None:
    with (
        FakeApi(RECORDS, faults={LIST: fault}) as api,
        client_of(api) as client,
        pytest.raises(error, match=message),
    ):
        client.read_catalog()
    assert len(api.requests) <= 3


def test_budget_spent_before_the_first_page_is_an_error(api: SampleApi) -> None:
    with (
        client_of(api, max_requests=0) as client,
        pytest.raises(QuotaSpent, match="the budget of 0 requests is spent"),
    ):
        client.read_catalog()
