"""Query results as JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import json

import pytest
from llm_stats.table import Table, to_json_value, to_records, unique_column_names
from support.command import Command


def test_json_is_valid_and_has_all_columns(on_demo: Command) -> None:
    query = (
        "select 'nan'::double as n, [1.5, 'inf'::double] as l, 1 as a, 2 as a, 3 as a_1, map "
        "{date '2026-01-02': 1} as m"
    )
    done = on_demo("sql", query, "--format", "json")
    assert json.loads(done.out, parse_constant=pytest.fail) == [
        {"n": None, "l": [1.5, None], "a": 1, "a_1": 2, "a_1_1": 3, "m": {"2026-01-02": 1}}
    ]


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (None, None),
        (True, True),
        (decimal.Decimal("1.5"), 1.5),
        (float("-inf"), None),
        (dt.datetime(2026, 11, 1, 12), "2026-11-01T12:00:00"),  # noqa: DTZ001
        (dt.date(2026, 11, 1), "2026-11-01"),
        (("a", None), ["a", None]),
        ({1: [2]}, {"1": [2]}),
        ({None: dt.date(2026, 1, 2)}, {"None": "2026-01-02"}),
        ([decimal.Decimal("NaN"), 2**70, "a"], [None, 2**70, "a"]),
        (dt.timedelta(days=1), "1 day, 0:00:00"),
    ],
)
def test_json_values(value: object, json_value: object) -> None:
    assert to_json_value(value) == json_value


def test_repeated_names_are_numbered() -> None:
    assert unique_column_names("aaba") == ("a", "a_1", "b", "a_2")
    assert unique_column_names(["a_1", "a", "a"]) == ("a_1", "a", "a_2")


def test_parts_of_a_table() -> None:
    table = Table(("a", "b", "c"), ("X", "Y", "Z"), [(1, None, None), (2, None, 3)])
    assert table.select("c", "a") == Table(("c", "a"), ("Z", "X"), [(None, 1), (3, 2)])
    assert table.drop_empty_columns() == Table(("a", "c"), ("X", "Z"), [(1, None), (2, 3)])
    assert Table(("a",), ("X",), []).drop_empty_columns().columns == ("a",)
    assert table.head(1).rows == table.rows[:1]
    assert len(table) == 2
    assert (
        list(table)
        == table.to_dicts()
        == [
            {"a": 1, "b": None, "c": None},
            {"a": 2, "b": None, "c": 3},
        ]
    )
    assert table[1] == table[-1] == {"a": 2, "b": None, "c": 3}
    assert table[:1] == table.to_dicts()[:1]
    assert not table.multiline
    with pytest.raises(ValueError, match=r"shorter|longer"):
        Table(("a", "b"), ("X", "Y"), [(1,)]).to_dicts()


def test_records() -> None:
    table = Table(("a", "a"), ("X", "Y"), [(1, dt.date(2026, 1, 2)), (None, 0.5)])
    assert to_records(table) == [{"a": 1, "a_1": "2026-01-02"}, {"a": None, "a_1": 0.5}]
    with pytest.raises(ValueError, match=r"shorter|longer"):
        to_records(Table(("a", "b"), ("X", "Y"), [(1,)]))
    multiline = Table(("a",), ("X",), [(1,), (2,)], multiline=True)
    assert multiline.head(1) == Table(("a",), ("X",), [(1,)], multiline=True)
