"""Scalar functions: exact results, limits and nulls."""

from __future__ import annotations

import pytest
from support.raw_tables import RawTables


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("fixed_point(0.5)", 500_000_000_000),
        ("fixed_point(1.4e-12)", 1),
        ("fixed_point(1.5e-12)", 2),
        ("fixed_point(-1.4e-12)", -1),
        ("fixed_point(null)", None),
        ("number_text(1.0::double)", "1"),
        ("number_text(10.05::double)", "10.05"),
        ("number_text(1000::double)", "1000"),
        ("number_text(null)", None),
        ("round_significant(0.19999999999999998)", 0.2),
        ("round_significant(0.30000000000000004)", 0.3),
        ("round_significant(1234567.000001)", 1234567.0),
        ("round_significant(123456.000001::double)", 123456.000001),
        ("round_significant(999999.9999999::double)", 1e6),
        ("round_significant(1.23456789012345e-11::double)", 1.23456789012e-11),
        ("round_significant(1.23456789012345e-12::double)", 1.23456789012345e-12),
        ("round_significant(9.8765432109876e32::double)", 9.87654321099e32),
        ("round_significant(1.23456789012345e34::double)", 1.23456789012345e34),
        ("round_significant(-(2::double / 3))", -0.666666666667),
        ("round_significant(1::double / 3)", 0.333333333333),
        ("round_significant(null)", None),
        ("blended_price(1, 5, 3, 1)", 2.0),
        ("blended_price(0.15, 0.15, 3, 1)", 0.15),
        ("blended_price(0.1, 0.3, 3, 1)", 0.15),
        ("blended_price(1, 5, 0, 2)", 5.0),
        ("blended_price(1, 5, 0, 0)", None),
        ("blended_price(null, 5, 3, 1)", None),
        ("blended_price(1, null, 3, 1)", None),
        ("to_utc('2026-11-01 12:00')::varchar", "2026-11-01 12:00:00"),
        ("to_utc('2026-11-01 12:00Z')::varchar", "2026-11-01 12:00:00"),
        ("to_utc('2026-11-01 12:00+02:00')::varchar", "2026-11-01 10:00:00"),
        ("to_utc('2026-11-01 12:00-02')::varchar", "2026-11-01 14:00:00"),
        ("to_utc('2026-11-01')::varchar", "2026-11-01 00:00:00"),
        ("to_utc(date '2026-11-01')::varchar", "2026-11-01 00:00:00"),
        ("to_utc(timestamptz '2026-11-01 12:00+01')::varchar", "2026-11-01 11:00:00"),
        ("to_utc(null)", None),
        ("benchmark_label('b')", "benchmark b: "),
        ("offer_label('p', 2)", "provider p, offer 2: "),
        ("provider_label('p')", "provider p: "),
    ],
)
def test_value(raw: RawTables, call: str, expected: object) -> None:
    assert raw.connection.execute(f"select staging.{call}").fetchall() == [(expected,)]


def test_minus_zero_becomes_zero(raw: RawTables) -> None:
    query = "select staging.round_significant('-0.0'::double)::varchar"
    assert raw.connection.execute(query).fetchall() == [("0.0",)]
