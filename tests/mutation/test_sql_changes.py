"""Changes to SQL: each kind, and no change to comments and definitions."""

from __future__ import annotations

import duckdb
import pytest
from mutation import sql_changes


def mutated(text: str, kind: str) -> list[str]:
    """Apply each change of the given kind separately; return the texts with single spaces."""
    changes = sorted(change for change in sql_changes.find(text) if change.kind == kind)
    return [" ".join(change.apply(text).split()) for change in changes]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("select a <= b", "comparison", ["select a < b"]),
        ("select a or b", "logic", ["select a and b"]),
        ("select a where b = 1", "filter", ["select a where true"]),
        ("select min(a)", "function", ["select max(a)"]),
        ("select distinct a", "distinct", ["select a"]),
        ("select a is distinct from b", "not", ["select a is not distinct from b"]),
        ("select a is not null", "not", ["select a is null"]),
        ("select a in (1)", "not", ["select a not in (1)"]),
        ("select coalesce(a, f(b, c), 0) + d", "coalesce", ["select a + d"]),
        ("from a left join b using (c)", "join", ["from a inner join b using (c)"]),
        ("select -a + b", "arithmetic", ["select -a - b"]),
        ("select 1, a[2]", "constant", ["select 2, a[2]", "select 1, a[3]"]),
        ("select cast(a as decimal(18, 6))", "constant", []),
        ("select 'a'", "constant", ["select 'a_'"]),
        ("select a order by b, f(c, d) desc", "tie-break", ["select a order by b"]),
        ("select f() over (partition by a, b)", "partition", ["select f() over (partition by a)"]),
        ("select a order by b desc", "order", ["select a order by b"]),
        (
            "select case when a then b when c then d end",
            "case",
            [
                "select case when false then b when c then d end",
                "select case when a then b when false then d end",
            ],
        ),
        (
            "select a where b between 1 and 2 and c group by d",
            "condition",
            ["select a where c group by d", "select a where b between 1 and 2 group by d"],
        ),
        (
            "select a where (b and case when c or d then e end) or g",
            "condition",
            [
                "select a where g",
                "select a where ( case when c or d then e end) or g",
                "select a where (b ) or g",
                "select a where (b and case when d then e end) or g",
                "select a where (b and case when c then e end) or g",
                "select a where (b and case when c or d then e end)",
            ],
        ),
    ],
)
def test_change_of_each_kind(text: str, kind: str, expected: list[str]) -> None:
    assert mutated(text, kind) == expected
    for changed in expected:
        duckdb.extract_statements(changed)


@pytest.mark.parametrize(
    "text",
    [
        "-- a and b < 1",
        "comment on view a is 'x';",
        "alter table a alter column b drop not null;",
        "create table if not exists a (b integer not null);",
        "create or replace view a as select b from c;",
        "select count(*), t.* from t",
        "select 'a text'",
    ],
)
def test_text_without_changes(text: str) -> None:
    assert list(sql_changes.find(text)) == []


def test_braces_of_an_f_string_are_not_changed() -> None:
    assert mutated("select a from {names[1]} where b < {c < d}", "comparison") == [
        "select a from {names[1]} where b <= {c < d}"
    ]


def test_statements_after_another_are_found_by_their_line() -> None:
    text = "select 'é';\nselect a;\nselect a\nwhere b > 1;"
    change = next(change for change in sql_changes.find(text) if change.kind == "comparison")
    assert change.line(text) == 4
    assert change.apply(text) == "select 'é';\nselect a;\nselect a\nwhere b >= 1;"
