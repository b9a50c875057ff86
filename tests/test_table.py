"""Query results as JSON."""

from __future__ import annotations

import json

import pytest
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
