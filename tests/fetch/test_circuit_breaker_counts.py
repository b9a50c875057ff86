"""Circuit breaker without an API: the outcome at which it stops, and the messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest
from llm_stats.api.stop import FetchingStopped, StopReason
from llm_stats.fetch.circuit_breaker import CircuitBreaker
from llm_stats.schema.fetch import Fetch, Outcome

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


class Counted:
    """A circuit breaker whose known models load only if their id is in `loading`."""

    def __init__(self, loading: Iterable[str] = (), known: Iterable[str] = ()) -> None:
        self.stops: list[tuple[str, str]] = []
        self.requested: list[str] = []
        self._loading = set(loading)
        self.breaker = CircuitBreaker(
            "http://h", lambda *reason: self.stops.append(reason), self._loads_again
        )
        self.breaker.known_ids = list(known)

    def _loads_again(self, model_id: str) -> bool:
        self.requested.append(model_id)
        return model_id in self._loading

    def record(
        self,
        outcome: Outcome,
        times: int = 1,
        *,
        status: int | None = None,
        is_wrong_catalog: bool = False,
        is_failing: bool = False,
    ) -> None:
        for number in range(times):
            fetch = Fetch(
                model_id=f"m{number}",
                requested_at=NOW,
                outcome=outcome,
                http_status=status,
                message="why",
            )
            self.breaker.record(fetch, is_wrong_catalog=is_wrong_catalog, is_failing=is_failing)


@pytest.mark.parametrize("status", [None, 403, 429, 500, 503])
def test_ten_unreachable_models_in_a_row(status: int | None) -> None:
    counted = Counted()
    counted.record("failed", 9, status=status)
    counted.record("loaded")
    counted.record("failed", 9, status=status)
    counted.record("failed", 9, status=status, is_failing=True)
    assert counted.stops == []
    counted.record("failed", status=status)
    message = "no usable response for 10 models in a row; the last error: why"
    assert counted.stops == [("unreachable", message)]


@pytest.mark.parametrize("status", [200, 400, 404, 499])
def test_answers_are_not_unreachable(status: int) -> None:
    counted = Counted()
    counted.record("failed", 20, status=status)
    assert counted.stops == []


def test_three_records_of_the_wrong_catalog() -> None:
    message = "http://h returns records without scores; wrong base URL?"
    counted = Counted()
    counted.record("rejected", 2, is_wrong_catalog=True)
    assert counted.stops == []
    counted.record("rejected", is_wrong_catalog=True)
    assert counted.stops == [("wrong_base_url", message)]

    mixed = Counted()
    mixed.record("rejected")
    mixed.record("rejected", 3, is_wrong_catalog=True)
    assert mixed.stops == [], "a record with scores shows that the base URL is right"

    few = Counted()
    few.record("rejected", is_wrong_catalog=True)
    few.breaker.finish(is_complete=False)
    assert few.stops == [("wrong_base_url", message)]


def test_twenty_unknown_models() -> None:
    counted = Counted(known=["a", "m1", "b", "c", "d"])
    counted.record("not_found", 19)
    assert (counted.stops, counted.requested) == ([], [])
    counted.record("not_found")
    assert counted.requested == ["a", "b", "c"], "without those that were not found"
    assert counted.stops == [
        (
            "wrong_base_url",
            "http://h returned 404 for the first 20 models (m0, m1, m2, …); "
            "wrong ids or wrong base URL?",
        )
    ]


def test_known_model_that_loads_confirms_the_base_url() -> None:
    counted = Counted(loading="b", known="abcd")
    assert not counted.breaker.is_base_url_confirmed
    counted.record("not_found", 30)
    assert counted.stops == []
    assert counted.requested == ["a", "b"], "once"
    assert counted.breaker.is_base_url_confirmed


@pytest.mark.parametrize(
    ("times", "models"),
    [
        (1, "the model m0"),
        (3, "the 3 models (m0, m1, m2)"),
        (4, "the 4 models (m0, m1, m2, …)"),
    ],
)
def test_unknown_models_at_the_end_of_a_complete_fetch(times: int, models: str) -> None:
    counted = Counted()
    counted.record("not_found", times)
    counted.breaker.finish(is_complete=True)
    message = f"http://h returned 404 for {models}; wrong ids or wrong base URL?"
    assert counted.stops == [("wrong_base_url", message)]


def test_unknown_models_next_to_others_are_not_a_wrong_base_url() -> None:
    outcomes: tuple[Outcome, ...] = ("failed", "loaded", "not_modified", "rejected")
    for outcome in outcomes:
        counted = Counted()
        counted.record("not_found")
        counted.record(outcome, status=400)
        counted.breaker.finish(is_complete=True)
        assert counted.stops == [], outcome
    incomplete = Counted()
    incomplete.record("not_found")
    incomplete.breaker.finish(is_complete=False)
    assert incomplete.stops == []


def test_models_that_are_not_found_again_only_confirm_the_base_url() -> None:
    counted = Counted(loading="a", known="a")
    counted.record("not_found", 30, is_failing=True)
    assert counted.requested == []
    counted.breaker.finish(is_complete=True)
    assert (counted.stops, counted.requested) == ([], ["a"])
    assert counted.breaker.is_base_url_confirmed

    loaded = Counted(loading="a", known="a")
    loaded.record("not_found", is_failing=True)
    loaded.record("loaded", is_failing=True)
    loaded.breaker.finish(is_complete=True)
    assert loaded.requested == []


def test_stop_while_the_base_url_is_confirmed_is_no_second_stop() -> None:
    counted = Counted(known="a")

    def stopped(_: str) -> bool:
        raise FetchingStopped(StopReason("quota", "spent"))

    counted.breaker._loads_again = stopped
    counted.record("not_found", 20)
    assert counted.stops == []
    assert not counted.breaker.is_base_url_confirmed
