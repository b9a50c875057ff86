"""Inlining of macro calls in SQL: functions, table macros, parameters."""

from __future__ import annotations

import pytest
from llm_stats.transform import files
from llm_stats.transform.macros import inline_macros
from sqlglot.errors import SqlglotError

TWICE = """\
-- Twice a number, with an offset.
-- Grain: none.
-- Reads: nothing.
create or replace macro staging.twice(number, extra) as number * 2 + extra;
"""
NESTED = """\
-- Four times a number.
-- Reads: staging.twice.
create or replace macro staging.four_times(number) as staging.twice(staging.twice(number, 0), 0);
"""
ROWS = """\
-- Rows above a limit.
-- Reads: marts.offers.
create or replace macro marts.above(floor) as table
select model_id from marts.offers where price > staging.twice(floor, 1) and offers.floor is null;
"""


@pytest.fixture(autouse=True)
def _few_macros(monkeypatch: pytest.MonkeyPatch) -> None:
    def sql_file(layer: str, name: str, text: str) -> files.SqlFile:
        path = files.sql_folder() / layer / f"{name}.sql"
        return files.SqlFile(path, text)

    stored = {
        "functions": [
            sql_file("functions", "twice", TWICE),
            sql_file("functions", "four_times", NESTED),
        ],
        "macros": [sql_file("macros", "above", ROWS)],
    }
    monkeypatch.setattr(files, "files_in", stored.__getitem__)


@pytest.mark.parametrize(
    ("statement", "inlined"),
    [
        ("select staging.twice(a, 0) as b from t", "SELECT (a * 2 + 0) AS b FROM t"),
        ("select staging.twice(a + 1, 1) from t", "SELECT ((a + 1) * 2 + 1) FROM t"),
        ("select staging.twice(abs(a), 1) from t", "SELECT (ABS(a) * 2 + 1) FROM t"),
        ("select staging.twice(a, extra := 5) from t", "SELECT (a * 2 + 5) FROM t"),
        ("select staging.four_times(a) from t", "SELECT ((((a * 2 + 0)) * 2 + 0)) FROM t"),
        (
            "select * from marts.above(3)",
            "SELECT * FROM (SELECT model_id FROM marts.offers WHERE price > (3 * 2 + 1) "
            "AND offers.floor IS NULL) AS above",
        ),
        (
            "select * from marts.above(3) as x",
            "SELECT * FROM (SELECT model_id FROM marts.offers "
            "WHERE price > (3 * 2 + 1) AND offers.floor IS NULL) AS x",
        ),
        ("select other.twice(a) from other.f(1)", "SELECT other.twice(a) FROM other.F(1)"),
    ],
)
def test_calls_are_replaced_by_the_body(statement: str, inlined: str) -> None:
    assert inline_macros(statement).sql(dialect="duckdb") == inlined


@pytest.mark.parametrize("clause", ["order by a", "limit 1"])
def test_qualify_next_to_an_order_or_a_limit_is_an_error(clause: str) -> None:
    query = "select a from t qualify row_number() over (order by a) = 1"
    assert inline_macros(query).sql(dialect="duckdb").startswith("SELECT a FROM t QUALIFY")
    with pytest.raises(SqlglotError, match="`qualify` cannot be translated"):
        inline_macros(f"{query} {clause}")
