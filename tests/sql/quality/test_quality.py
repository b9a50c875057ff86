"""Rules of `marts.data_quality`: each file in `sql/quality` returns the rows of its rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from llm_stats.transform.files import SqlFile, files_in, quality_findings

_RULES = files_in("quality")


def _rule(file: SqlFile) -> str:
    return file.path.stem


@pytest.fixture(scope="module")
def connection(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to the demo database."""
    with duckdb.connect(demo, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def mart(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Return `(model_id, detail)` of all rows of `marts.data_quality`, by rule."""
    rows = connection.execute("select rule, model_id, detail from marts.data_quality").fetchall()
    found: dict[str, list[tuple[str, str]]] = {}
    for rule, *row in rows:
        found.setdefault(rule, []).append((row[0], row[1]))
    return found


@pytest.mark.parametrize("file", _RULES, ids=_rule)
def test_rule_alone_returns_its_rows_of_the_mart(
    file: SqlFile,
    connection: duckdb.DuckDBPyConnection,
    mart: dict[str, list[tuple[str, str]]],
) -> None:
    alone = connection.execute(file.text).fetchall()
    assert sorted(alone) == sorted(mart.get(_rule(file), []))


def test_mart_has_no_other_rules(
    connection: duckdb.DuckDBPyConnection, mart: dict[str, list[tuple[str, str]]]
) -> None:
    ((comment,),) = connection.execute(
        "select comment from duckdb_columns() "
        "where table_name = 'data_quality' and column_name = 'rule'"
    ).fetchall()
    assert mart.keys() <= set(map(_rule, _RULES))
    assert [rule for rule in map(_rule, _RULES) if rule not in comment] == []


def test_relation_of_several_rules_is_read_once() -> None:
    text = quality_findings(_RULES).text
    assert text.count("from marts.scores") == 1
    assert text.count("from staging.fetches") == 1, "one rule reads it: no shared table"
