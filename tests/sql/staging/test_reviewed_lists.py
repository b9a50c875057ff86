"""Reviewed lists of benchmarks: spelling of ids and categories, and no repetition."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.small_tables import small_tables

ALIASES, CATEGORIES, LOWER = (
    "benchmark_aliases",
    "benchmark_categories",
    "lower_is_better_benchmarks",
)
#: Ids of the API consist of words that are joined by `-`, never by `_` or a space.
BENCHMARK_ID = re.compile(r"[a-z0-9]+(?:[-+.()<>@']+[a-z0-9]+)*[-+)]?")


def rows(view: str) -> list[tuple[Any, ...]]:
    with small_tables(f"staging.{view}") as tables:
        return tables.query(f"from staging.{view}").rows


@pytest.mark.parametrize("view", [ALIASES, CATEGORIES, LOWER])
def test_ids_are_spelled_like_those_of_the_api(view: str) -> None:
    listed = rows(view)
    ids = [row[0] for row in listed]
    if view == ALIASES:
        ids += [row[1] for row in listed]
    assert [name for name in ids if not BENCHMARK_ID.fullmatch(name)] == []
    reasons = [row[-1] for row in listed]
    assert [reason for reason in reasons if not reason or "_" in reason] == []


@pytest.mark.parametrize("view", [ALIASES, LOWER])
def test_each_benchmark_is_listed_once(view: str) -> None:
    ids = [row[0] for row in rows(view)]
    assert len(ids) == len(set(ids))


def test_an_alias_stands_for_a_benchmark_that_is_not_an_alias() -> None:
    aliases = {alias: benchmark_id for alias, benchmark_id, _ in rows(ALIASES)}
    assert aliases.keys() & set(aliases.values()) == set()
    listed = {row[0] for view in (CATEGORIES, LOWER) for row in rows(view)}
    assert listed & aliases.keys() == set()


def test_categories() -> None:
    pairs = [(benchmark_id, category) for benchmark_id, category, _ in rows(CATEGORIES)]
    assert len(pairs) == len(set(pairs))
    assert {category for _, category in pairs} == {"code", "language", "long_context", "vision"}
