"""Each check has been red: `broken/<check>.sql` breaks a sound warehouse so that this check, and no other, finds something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from catalogue import model, offer, score
from conftest import RawTables
from llm_stats import sql
from replay import built

_BROKEN = Path(__file__).parent / "broken"
_CHECKS = {check.path.stem: check for check in sql.files("checks")}


@pytest.fixture(scope="module")
def applied() -> Iterator[RawTables]:
    """Two loads of three models, with nothing wrong in them."""
    with built() as raw:
        for day in (1, 2):
            records = [
                model(
                    model_id,
                    modalities=["text"],
                    top_scores={"math": 1.0},
                    providers=[offer("p", day, 2), offer("q", 1, 1), offer("r", 1, None)],
                    scores=[score(benchmark_id, value, category="math") for benchmark_id in ("b", "c", "d")],
                )
                for model_id, value in (("m1", 0.5), ("m2", 0.6), ("m3", 0.6))
            ]
            raw.load(records, dt.datetime.fromisoformat(f"2026-01-0{day}"))
            raw.apply()
        yield raw


@pytest.fixture
def sound(applied: RawTables) -> Iterator[RawTables]:
    """The same, and whatever is done to it is undone."""
    applied.connection.begin()
    yield applied
    applied.connection.rollback()


def _found(raw: RawTables) -> set[str]:
    return {name for name, check in _CHECKS.items() if raw.connection.execute(check.text).fetchall()}


def test_a_sound_warehouse_passes(sound: RawTables) -> None:
    assert _found(sound) == set()


@pytest.mark.parametrize("check", _CHECKS)
def test_a_check_finds_what_it_is_for(sound: RawTables, check: str) -> None:
    sound.connection.execute((_BROKEN / f"{check}.sql").read_text("utf-8"))
    assert _found(sound) == {check}


def test_an_empty_warehouse_passes() -> None:
    with built() as raw:
        assert _found(raw) == set()


@pytest.mark.parametrize(("before", "after", "is_red"), [(100, 80, False), (100, 79, True), (20, 10, False), (20, 9, True), (5, 0, False)])
def test_a_table_may_lose_a_fifth_or_ten_rows(sound: RawTables, before: int, after: int, is_red: bool) -> None:
    counts = [["x", "raw.x", before, "2026-02-01"], ["y", "raw.x", after, "2026-02-02"]]
    sound.connection.executemany("insert into history.table_rows values (?, ?, ?, ?)", counts)
    assert _found(sound) == ({"tables_shrunk"} if is_red else set())


def test_a_loss_is_reported_once(sound: RawTables) -> None:
    counts = [["x", "raw.x", 100, "2026-02-01"], ["y", "raw.x", 50, "2026-02-02"], ["z", "raw.x", 50, "2026-02-03"]]
    sound.connection.executemany("insert into history.table_rows values (?, ?, ?, ?)", counts)
    assert _found(sound) == set()


def test_rows_are_counted_once_a_load(sound: RawTables) -> None:
    rows = sound.connection.execute(
        "select row_count from history.table_rows where table_name = 'raw.fetches' order by counted_at"
    ).fetchall()
    assert rows == [(3,), (6,)]
