"""Comments of columns: from the file of the view, or inherited from relations that the view reads.

`inherited_comments.txt` lists every inherited comment for review. After a change, regenerate it:

    WRITE_COMMENTS=1 pytest tests/transform/test_comments.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from llm_stats.connection import DuckDBConnection
from llm_stats.transform import files
from llm_stats.transform.comments import columns_by_relation, comments
from sqlglot import exp
from support.raw_tables import RawTables

_REVIEWED = Path(__file__).parent / "inherited_comments.txt"
_VIEWS = [file for layer in ("staging", "marts") for file in files.files_in(layer)]


def _has_own(file: files.SqlFile, column: str) -> bool:
    return f"comment on column {file.address}.{column} is" in file.text


def test_inherited_comments_are_the_reviewed_ones(raw: RawTables) -> None:
    columns = columns_by_relation(DuckDBConnection(raw.connection))
    texts = comments(columns)
    inherited = "".join(
        f"{file.address}.{column}: {texts[f'{file.address}.{column}']}\n"
        for file in sorted(files.in_build_order(), key=lambda file: file.address)
        for column in columns.get(file.address, ())
        if not _has_own(file, column)
    )
    print(inherited)
    if "WRITE_COMMENTS" in os.environ:
        _REVIEWED.write_text(inherited, "utf-8")
    assert inherited == _REVIEWED.read_text("utf-8")


def test_the_database_holds_the_inherited_comments(raw: RawTables) -> None:
    columns = columns_by_relation(DuckDBConnection(raw.connection))
    expected = comments(columns)
    query = """
        select concat_ws('.', schema_name, table_name, column_name), comment from duckdb_columns()
        where
            database_name = current_database()
            and schema_name in ('staging', 'history', 'marts')
    """
    stored = raw.connection.execute(query).fetchall()
    assert {address: comment for address, comment in stored if comment != expected[address]} == {}


@pytest.mark.parametrize("file", _VIEWS, ids=lambda file: file.address)
def test_a_column_that_a_left_join_makes_null_has_its_own_comment(file: files.SqlFile) -> None:
    query = next(files.statements(file))[1].query
    view = sqlglot.parse_one(query, read="duckdb")
    assert [column for column in _nullable(view.expression) if not _has_own(file, column)] == []


def _nullable(query: exp.Expr, outer: dict[str, set[str]] | None = None) -> set[str]:
    """Return the columns that a left or full join in the query or in a CTE can make null."""
    known = dict(outer or {})
    for cte in query.args["with_"].expressions if query.args.get("with_") else ():
        known[cte.alias] = _nullable(cte.this, known)
    if isinstance(query, exp.SetOperation):
        return _nullable(query.left, known) | _nullable(query.right, known)
    assert isinstance(query, exp.Select)
    return set(_nullable_of_select(query, known))


def _nullable_of_select(select: exp.Select, known: dict[str, set[str]]) -> Iterator[str]:
    joins = select.args.get("joins") or []
    sources = {table.alias_or_name: table.name for table in select.find_all(exp.Table)}
    optional = {join.alias_or_name for join in joins if join.side in ("LEFT", "FULL")}
    for projection in select.selects:
        column = projection.unalias()
        if isinstance(column, exp.Column):
            tables = [column.table] if column.table else list(sources)
            if any(
                table in optional or column.name in known.get(sources.get(table, ""), ())
                for table in tables
            ):
                yield projection.alias_or_name


def test_a_left_join_is_found_through_ctes() -> None:
    query = sqlglot.parse_one(
        "with a as (select t.x, u.y from t left join u on t.x = u.x), "
        "b as (select x, y as z from a) select x, z, 1 as w from b",
        read="duckdb",
    )
    assert _nullable(query) == {"z"}


def test_columns_are_those_of_the_schemas_in_the_current_database() -> None:
    with duckdb.connect() as native:
        for statement in (
            "create schema raw",
            "create table raw.models (b int, a int)",
            "create table mine (x int)",
            "attach ':memory:' as other",
            "create schema other.raw",
            "create table other.raw.hidden (x int)",
        ):
            native.execute(statement)
        columns = columns_by_relation(DuckDBConnection(native))
    assert columns == {"raw.models": ["b", "a"]}
