"""Translation for Spark, which `tests/bench/spark.py` runs."""

from __future__ import annotations

import pytest
import sqlglot
from llm_stats.transform import files
from llm_stats.transform.dialect import translate
from sqlglot import ErrorLevel, exp

STATEMENTS = [
    pytest.param(statement.query, id=f"{file.address}, line {line}")
    for layer in ("staging", "history", "marts")
    for file in files.files_in(layer)
    for line, statement in files.statements(file)
    if not statement.query.strip().startswith("comment on column")  # some hundred, all alike
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_parses_in_spark(statement: str) -> None:
    parsed = sqlglot.parse_one(translate(statement, "spark"), read="spark", error_level=ErrorLevel.RAISE)
    assert not isinstance(parsed, exp.Command), "what sqlglot does not understand, it passes on as it is"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("select array_agg(distinct a order by a) from t", "SELECT SORT_ARRAY(COLLECT_LIST(DISTINCT a)) FROM t"),
        ("select array_agg(a order by a) filter (where b) from t", "SELECT SORT_ARRAY(COLLECT_LIST(a) FILTER(WHERE b)) FROM t"),
        ("select quantile_disc(a, 0.5) from t", "SELECT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a ASC NULLS LAST) FROM t"),
        (
            "select median(a) from t",
            "SELECT ((PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a ASC NULLS LAST) + "
            "PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY a DESC)) / 2) FROM t",
        ),
        ("select cast(a as json) from t", "SELECT CAST(a AS STRING) FROM t"),
        (
            "select extract(epoch from a - b) from t",
            "SELECT (UNIX_MICROS(CAST(a AS TIMESTAMP)) - UNIX_MICROS(CAST(b AS TIMESTAMP))) / 1e6 FROM t",
        ),
    ],
)
def test_spark_is_told_what_sqlglot_would_get_wrong(ours: str, theirs: str) -> None:
    assert translate(ours, "spark") == theirs
