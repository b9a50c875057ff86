"""Models that are due after a read of the catalog, and their order."""

from __future__ import annotations

import datetime as dt

import pytest
from llm_stats.schema.fetch import due_after_catalog

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)


def ago(**days: float) -> dict[str, dt.datetime]:
    return {model_id: NOW - dt.timedelta(days=number) for model_id, number in days.items()}


def due(
    listed: str,
    ahead: str = "",
    fetched: dict[str, dt.datetime] | None = None,
    failing: dict[str, dt.datetime] | None = None,
    max_age: dt.timedelta = WEEK,
) -> list[str]:
    """Return the due ids of `listed`, a string with one letter per model."""
    return due_after_catalog(listed, set(ahead), fetched or {}, max_age, failing or {}, now=NOW)


def test_never_fetched_comes_first_then_old_then_ahead() -> None:
    fetched = ago(a=1, b=8, c=2, d=9, e=0.5, f=3)
    assert due("abcdefgh", "acg", fetched) == ["g", "h", "d", "b", "c", "a"]


def test_record_is_due_half_a_day_early() -> None:
    """Otherwise a daily run that starts slightly early would fetch the record a day late."""
    assert due("ab", fetched=ago(a=6.49, b=6.5)) == ["b"]
    assert due("ab", fetched=ago(a=0.49, b=0.5), max_age=dt.timedelta(days=1)) == ["b"]


def test_max_age_below_a_day_is_exact() -> None:
    """If models were due half a day early, all would always be due."""
    assert due("ab", fetched=ago(a=0.2, b=0.3), max_age=dt.timedelta(hours=6)) == ["b"]


def test_max_age_of_zero_makes_all_models_due() -> None:
    assert due("abc", "b", ago(a=0, b=2, c=1), max_age=dt.timedelta(0)) == ["b", "c", "a"]


def test_failing_model_takes_its_turn_by_its_last_failure() -> None:
    """A failing model without a record must not come first in every run."""
    fetched = ago(b=9, c=3, d=9)
    assert due("abcd", "c", fetched, ago(a=1, b=4)) == ["d", "b", "a", "c"]


def test_failing_model_gets_its_turn_if_the_budget_never_covers_the_old_records() -> None:
    """One of 40 models failed once. With 31 requests a day, its turn comes within two days."""
    ids = [f"m{number}" for number in range(40)]
    fetched, failing = dict.fromkeys(ids[1:], NOW), {ids[0]: NOW}
    for day in range(1, 3):
        now = NOW + dt.timedelta(days=day)
        max_age = dt.timedelta(days=1)
        requested = due_after_catalog(ids, set(), fetched, max_age, failing, now=now)[:31]
        fetched |= dict.fromkeys(requested, now)
        if ids[0] in requested:
            return
    pytest.fail("the failing model was never requested again")


def test_failing_model_that_is_not_due_is_skipped() -> None:
    """The record is a day old. A failed attempt an hour ago does not make it due."""
    assert due("a", fetched=ago(a=1), failing=ago(a=0.04)) == []


def test_repeated_id_is_requested_once() -> None:
    assert due("aa") == ["a"]


def test_unlisted_model_is_not_due() -> None:
    assert due("a", "ab", ago(b=30)) == ["a"]


def test_failures_never_starve_other_models() -> None:
    """Of 20 models, 12 always fail. With ten requests a day, the other 8 are fetched weekly."""
    ids, failing_ids = "abcdefghijklmnopqrst", set("abcdefghijkl")
    fetched: dict[str, dt.datetime] = {}
    failing: dict[str, dt.datetime] = {}
    for day in range(60):
        now = NOW + dt.timedelta(days=day)
        requested = due_after_catalog(ids, set(), fetched, WEEK, failing, now=now)[:10]
        failing |= {model_id: now for model_id in requested if model_id in failing_ids}
        fetched |= {model_id: now for model_id in requested if model_id not in failing_ids}
        if day > 2:
            oldest = min(fetched[model_id] for model_id in ids if model_id not in failing_ids)
            assert now - oldest < dt.timedelta(days=8)
            assert now - min(failing.values()) <= dt.timedelta(days=4)
