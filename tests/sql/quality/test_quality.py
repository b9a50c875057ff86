"""Rules of `marts.data_quality`: the query of a rule returns the mart's rows of that rule."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from llm_stats.transform.files import SqlFile, files_in, quality_findings

_RULES = files_in("quality")


def _rule(file: SqlFile) -> str:
    return file.path.stem


@pytest.mark.parametrize("file", _RULES, ids=_rule)
def test_rule_alone_returns_its_rows_of_the_mart(file: SqlFile, demo: Path) -> None:
    with duckdb.connect(demo, read_only=True) as connection:
        alone = connection.execute(file.text).fetchall()
        in_mart = connection.execute(
            "select model_id, detail from marts.data_quality where rule = ?", [_rule(file)]
        ).fetchall()
    assert sorted(alone) == sorted(in_mart)


def test_mart_has_no_other_rules(demo: Path) -> None:
    with duckdb.connect(demo, read_only=True) as connection:
        found = {
            rule for (rule,) in connection.execute("select rule from marts.data_quality").fetchall()
        }
        ((comment,),) = connection.execute(
            "select comment from duckdb_columns() "
            "where table_name = 'data_quality' and column_name = 'rule'"
        ).fetchall()
    assert found <= set(map(_rule, _RULES))
    assert [rule for rule in map(_rule, _RULES) if rule not in comment] == []


def test_relation_of_several_rules_is_read_once() -> None:
    text = quality_findings(_RULES).text
    assert text.count("from marts.scores") == 1
    assert text.count("from staging.fetches") == 1, "one rule reads it: no shared table"
