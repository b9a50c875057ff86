"""Scope of the checks of a run: all models, the loaded models, or none."""

from __future__ import annotations

import datetime as dt

import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.transform import checks
from llm_stats.transform.checks import Check, Scope, allowable_failures, due_scope
from support.raw_tables import RawTables
from support.synthetic_catalog import synthetic_catalog

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
RECORD = synthetic_catalog(2, providers=1, scores=1)[0]
RECORDS = [RECORD | {"id": f"m{number}"} for number in range(4)]


@pytest.fixture
def checked(raw: RawTables, monkeypatch: pytest.MonkeyPatch) -> RawTables:
    """Return a warehouse of four models; `NOW` is stored as the last check of all models.

    In these tests, a warehouse with more than three models is not small.
    """
    monkeypatch.setattr(checks, "_SMALL_WAREHOUSE", 3)
    raw.connection.execute("update raw.sql_fingerprint set checked_at = null")
    raw.read_catalog(RECORDS, NOW, "1")
    raw.load(RECORDS, NOW, "1")
    raw.apply()
    assert scope(raw, NOW) is Scope.ALL, "the definitions are new"
    return raw


def scope(raw: RawTables, now: dt.datetime) -> Scope:
    return due_scope(DuckDBConnection(raw.connection), now)


def load(raw: RawTables, count: int, *, price: float = 7, listed: int = 4) -> None:
    offer = RECORD["providers"][0] | {"input_price_per_m": price}
    changed = [record | {"providers": [offer]} for record in RECORDS[:count]]
    at = NOW + dt.timedelta(hours=1)
    raw.read_catalog([*changed, *RECORDS[count:]][:listed], at, "2")
    raw.load(changed, at, "2")
    raw.apply()


def test_only_the_models_of_a_small_load(checked: RawTables) -> None:
    load(checked, 2)
    assert scope(checked, NOW + dt.timedelta(hours=1)) is Scope.LOADED
    assert scope(checked, NOW + dt.timedelta(days=7, seconds=-1)) is Scope.LOADED


def test_all_models_after_a_week_or_with_a_wrong_clock(checked: RawTables) -> None:
    load(checked, 1)
    assert scope(checked, NOW - dt.timedelta(seconds=1)) is Scope.ALL
    assert scope(checked, NOW) is Scope.LOADED, "the time of the last check was stored"
    assert scope(checked, NOW - dt.timedelta(seconds=1)) is Scope.LOADED
    assert scope(checked, NOW + dt.timedelta(days=7, seconds=-1)) is Scope.ALL


def test_all_models_of_a_large_load(checked: RawTables) -> None:
    load(checked, 3)
    assert scope(checked, NOW + dt.timedelta(hours=1)) is Scope.ALL


def test_all_models_of_a_small_warehouse(
    checked: RawTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(checked, 1)
    monkeypatch.setattr(checks, "_SMALL_WAREHOUSE", 4)
    assert scope(checked, NOW + dt.timedelta(hours=1)) is Scope.ALL


def test_model_that_left_is_a_loaded_model(checked: RawTables) -> None:
    load(checked, 0, listed=3)
    assert scope(checked, NOW + dt.timedelta(hours=1)) is Scope.LOADED


def test_nothing_without_a_change(checked: RawTables) -> None:
    load(checked, 0)
    assert scope(checked, NOW + dt.timedelta(hours=1)) is Scope.NONE


def test_limit_of_a_small_warehouse_and_names_for_allowing() -> None:
    assert checks._SMALL_WAREHOUSE == 500
    assert {"keys", "models_left", "prices_in_range"} <= set(allowable_failures())
    names = [check.name for check in checks.all_checks()]
    assert names == sorted(names)
    assert Check("x", "-- X.\n-- Population: all models.").needs_all_models
    assert not Check("x", "-- X.\n-- Population: every load.").needs_all_models
