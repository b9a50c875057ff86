"""Translation of the SQL files for other destinations.

Other tests and `tests/bench/spark.py` execute the translated SQL.
"""

from __future__ import annotations

import pytest
import sqlglot
from llm_stats.transform import files
from llm_stats.transform.checks import all_checks
from llm_stats.transform.dialect import UnsupportedSql, translate
from sqlglot import ErrorLevel, exp


@pytest.mark.parametrize(
    ("duckdb_sql", "translated"),
    [
        (
            "create table if not exists a.b (c varchar not null)",
            'CREATE TABLE IF NOT EXISTS a.b (c TEXT COLLATE "C" NOT NULL)',
        ),
        ("select cast(a as varchar) as a from b", 'SELECT CAST(a AS TEXT) COLLATE "C" AS a FROM b'),
        (
            "comment on column a.b.c is 'the maker''s `name`'",
            "COMMENT ON column a.b.c IS 'the maker''s `name`'",
        ),
    ],
)
def test_postgres_sorts_by_code_point(duckdb_sql: str, translated: str) -> None:
    assert translate(duckdb_sql, "postgres") == translated


def test_postgres_median_with_a_filter() -> None:
    middle = translate("select median(x) filter (where y) as m from t", "postgres")
    assert middle.count("PERCENTILE_DISC(0.5)") == middle.count("FILTER(WHERE y)") == 2
    assert middle.endswith("/ 2) AS m FROM t"), "not an integer division"


def test_postgres_returns_the_keys_of_an_object_as_rows() -> None:
    translated = translate("select unnest(json_keys(a)) as b from t", "postgres")
    assert translated == "SELECT JSON_OBJECT_KEYS(a) AS b FROM t"


def test_postgres_has_a_function_for_the_decimal_logarithm_only() -> None:
    """PostgreSQL has `log(2, x)` only for the type `numeric`, but `log10(x)` also for floats."""
    assert translate("select log10(x) as y from t", "postgres") == "SELECT LOG10(x) AS y FROM t"
    assert translate("select log(2, x) as y from t", "postgres") == "SELECT LOG(2, x) AS y FROM t"


def test_duckdb_is_not_translated() -> None:
    assert translate("from marts.offers -- as it is", "duckdb") == "from marts.offers -- as it is"


def test_untranslatable_statement_is_an_error() -> None:
    with pytest.raises(UnsupportedSql, match="Expecting"):
        translate("select (1 from t", "postgres")


def test_every_statement_can_be_translated() -> None:
    for file in (file for file in files.in_build_order() if file.is_relation):
        for _, statement in files.statements(file):
            assert translate(statement.query, "postgres")
    for check in all_checks():
        assert translate(check.text, "postgres")


STATEMENTS = [
    pytest.param(statement.query, id=f"{file.address}, line {line}")
    for layer in ("staging", "history", "marts")
    for file in files.files_in(layer)
    for line, statement in files.statements(file)
    if not statement.query.strip().startswith("comment on column")  # about a hundred, all alike
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_parses_in_spark(statement: str) -> None:
    parsed = sqlglot.parse_one(
        translate(statement, "spark"), read="spark", error_level=ErrorLevel.RAISE
    )
    assert not isinstance(parsed, exp.Command), "sqlglot passes on unchanged what it cannot parse"


@pytest.mark.parametrize(
    ("duckdb_sql", "translated"),
    [
        (
            "select array_agg(distinct a order by a) from t",
            "SELECT SORT_ARRAY(COLLECT_LIST(DISTINCT a)) FROM t",
        ),
        (
            "select array_agg(a order by a) filter (where b) from t",
            "SELECT SORT_ARRAY(COLLECT_LIST(a) FILTER(WHERE b)) FROM t",
        ),
        (
            "select quantile_disc(a, 0.5) from t",
            "SELECT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a ASC NULLS LAST) FROM t",
        ),
        (
            "select round(quantile_disc(a, 0.5), b) from t",
            "SELECT ROUND((PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a ASC NULLS LAST)) * "
            "POWER(CAST(10 AS DOUBLE), b)) / POWER(CAST(10 AS DOUBLE), b) FROM t",
        ),
        (
            "select quantile_cont(a, 0.25) from t",
            "SELECT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY a ASC NULLS LAST) FROM t",
        ),
        (
            "select median(a) from t",
            "SELECT ((PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a ASC NULLS LAST) + "
            "PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a DESC)) / 2) FROM t",
        ),
        ("select cast(a as json) from t", "SELECT CAST(a AS STRING) FROM t"),
        (
            "select a ->> b from t",
            "SELECT ELEMENT_AT(FROM_JSON(a, 'map<string,string>'), b) FROM t",
        ),
        (
            "select extract(epoch from a - b) from t",
            (
                "SELECT (UNIX_MICROS(CAST(a AS TIMESTAMP)) - UNIX_MICROS(CAST(b AS TIMESTAMP))) / "
                "1e6 FROM t"
            ),
        ),
    ],
)
def test_spark_transforms_correct_sqlglot(duckdb_sql: str, translated: str) -> None:
    assert translate(duckdb_sql, "spark") == translated
