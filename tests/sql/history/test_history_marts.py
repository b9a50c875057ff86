"""History marts, beyond the golden cases: time zones of as-of macros, ages, extreme prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from support.history_database import built
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score
from support.skip_conditions import REQUIRES_DUCKDB_2

FIRST, SECOND = dt.datetime(2026, 11, 1, 6), dt.datetime(2026, 11, 2, 6)  # noqa: DTZ001  every stored time is UTC without a zone


@pytest.fixture(scope="module")
def two_days() -> Iterator[RawTables]:
    """Yield a database with one offer and one score.

    The prices and the score are 4 on the first day and 2 on the second day. All tests of the module
    share the database and must not change it.
    """
    with built() as raw:
        load_two_days(raw)
        raw.connection.execute("set timezone = 'America/New_York'")
        yield raw


def load_two_days(raw: RawTables) -> None:
    for at, value in ((FIRST, 4), (SECOND, 2)):
        raw.load(
            [
                make_record(
                    "m", providers=[make_offer("p", value, value)], scores=[make_score("b", value)]
                )
            ],
            at,
        )
        raw.apply()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("timestamp '2026-11-01 05:59:59'", []),
        ("timestamp '2026-11-01 06:00'", [4]),
        ("'2026-11-01'", []),
        ("date '2026-11-02'", [4]),
        ("'2026-11-02 05:59:59.999999'", [4]),
        ("'2026-11-02 06:00'", [2]),
        ("timestamptz '2026-11-02 00:59:59 America/New_York'", [4]),
        ("timestamptz '2026-11-02 01:00:00 America/New_York'", [2]),
        pytest.param("timestamptz_ns '2026-11-02 00:59:59-05'", [4], marks=REQUIRES_DUCKDB_2),
        pytest.param("timestamptz_ns '2026-11-02 01:00:00-05'", [2], marks=REQUIRES_DUCKDB_2),
        ("'2026-11-02 14:59:59+09:00'", [4]),
        ("'2026-11-02T15:00:00+09:00'", [2]),
        pytest.param("'2026-11-02 01:00-05'", [2], marks=REQUIRES_DUCKDB_2),
        ("'2026-11-02T05:59:59Z'", [4]),
        ("now() + interval 100 year", [2]),
        ("null", []),
    ],
)
def test_as_of_accepts_times_in_any_form(
    two_days: RawTables, moment: str, expected: list[float]
) -> None:
    for column, macro in (("input_usd_per_mtok", "prices_as_of"), ("score", "scores_as_of")):
        assert two_days.connection.execute(
            f"select {column} from marts.{macro}({moment})"
        ).fetchall() == [(value,) for value in expected]


@pytest.mark.parametrize("moment", [SECOND, SECOND.replace(tzinfo=dt.UTC), dt.date(2026, 11, 3)])
def test_as_of_accepts_parameters(two_days: RawTables, moment: Any) -> None:
    assert two_days.connection.execute(
        "select input_usd_per_mtok from marts.prices_as_of($1)", [moment]
    ).fetchall() == [(2,)]


def test_age_is_independent_of_the_time_zone(raw: RawTables) -> None:
    raw.load([make_record("m")], dt.datetime.now(dt.UTC) - dt.timedelta(hours=36))
    raw.apply()
    for zone in ("America/New_York", "Asia/Kolkata", "UTC"):
        with raw.connection.cursor() as connection:
            connection.execute(f"set timezone = '{zone}'")
            age = connection.execute("select round(age_hours, 1) from marts.freshness")
            assert age.fetchall() == [(36,)]


def test_open_rows_are_the_current_offers_and_scores(raw: RawTables) -> None:
    load_two_days(raw)
    raw.load(
        [
            make_record(
                "m",
                providers=[
                    make_offer("p", 1, None),
                    make_offer("p", 1, None),
                    make_offer("q", 0, 0),
                ],
            )
        ],
        SECOND,
    )
    raw.apply()
    columns = (
        "model_id, provider_id, provider_name, status, input_usd_per_mtok, output_usd_per_mtok"
    )
    now, current = (
        sorted(raw.connection.execute(f"select {columns} from {relation}").fetchall(), key=str)
        for relation in ("history.offers where valid_to is null", "staging.offers")
    )
    assert now == current
    assert raw.connection.execute(
        "select count(*) from history.scores where valid_to is null"
    ).fetchall() == [(0,)]


def test_extreme_prices_are_handled(raw: RawTables) -> None:
    for day, price in enumerate((5e-324, 1e308, 0.0, 1e15), start=1):
        fetched_at = dt.datetime(2026, 1, day)  # noqa: DTZ001
        raw.load([make_record("m", providers=[make_offer("p", price, price)])], fetched_at)
        raw.apply()
    changes = raw.connection.execute(
        "select direction, blended_change_pct from marts.price_changes order by changed_at"
    ).fetchall()
    assert [direction for direction, _ in changes] == ["rise", "cut", "rise"]
