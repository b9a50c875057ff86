"""Check `listed_benchmarks_missing`: it applies only if most benchmarks of a list have scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import pytest
from llm_stats.transform.files import files_in
from support.raw_tables import RawTables
from support.record_factory import make_record, make_score

DAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
(CHECK,) = (file for file in files_in("checks") if file.path.stem == "listed_benchmarks_missing")


def load(raw: RawTables, benchmarks: Collection[str], **read: Any) -> list[tuple[object, ...]]:
    """Load a model with scores on these benchmarks; return the rows of the check."""
    record = make_record("m", scores=[make_score(benchmark, 0.5) for benchmark in benchmarks])
    raw.read_catalog([record, *read.pop("more", ())], DAY, "1", **read)
    raw.load([record], DAY, "1")
    raw.apply()
    return raw.connection.execute(CHECK.text).fetchall()


@pytest.fixture
def listed(raw: RawTables) -> list[str]:
    """Return the benchmarks in the reviewed list `benchmark_categories`."""
    query = "select benchmark_id from staging.benchmark_categories order by 1"
    return [benchmark_id for (benchmark_id,) in raw.connection.execute(query).fetchall()]


@pytest.mark.parametrize("more", [0, 1])
def test_scores_for_half_of_a_list_are_too_few(
    raw: RawTables, listed: list[str], more: int
) -> None:
    present = listed[: len(listed) // 2 + more]
    found = {benchmark for name, benchmark in load(raw, present) if name == "benchmark_categories"}
    assert found == (set(listed) - set(present) if more else set())


def test_catalog_must_be_whole(raw: RawTables, listed: list[str]) -> None:
    assert load(raw, listed[1:], is_trusted=False) == []


def test_every_listed_model_must_have_a_record(raw: RawTables, listed: list[str]) -> None:
    assert load(raw, listed[1:], more=[make_record("without a record")]) == []
