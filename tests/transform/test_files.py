"""Format and declarations of every file under `sql/`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
import sqlglot
from llm_stats.schema.tables import TABLES
from llm_stats.transform import files
from sqlglot import exp
from support.raw_tables import RawTables

_FILES = [file for layer in files.SCHEMAS for file in files.files_in(layer)]
_VIEWS = [file for file in _FILES if file.layer in ("staging", "marts")]
_RELATIONS = [file for file in _FILES if file.is_relation]
_QUERIES = [*files.files_in("checks"), *files.files_in("quality")]


def _name(file: files.SqlFile) -> str:
    return f"{file.layer}/{file.path.name}"


def _header(file: files.SqlFile) -> list[str]:
    lines = file.text.splitlines()
    return [
        line.removeprefix("--").strip()
        for line in lines[: next(i for i, line in enumerate(lines) if not line.startswith("--"))]
    ]


def _code(file: files.SqlFile) -> str:
    """Return the file without its comments and strings."""
    return re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", file.text)


def _matching(checked: Iterable[files.SqlFile], pattern: str) -> list[str]:
    """Return the names of the files whose code matches a pattern."""
    found = re.compile(pattern, re.MULTILINE | re.IGNORECASE)
    return [_name(file) for file in checked if found.search(_code(file))]


def test_headers_have_a_subject_and_declare_grain_and_reads() -> None:
    for file in _FILES:
        header = _header(file)
        labels = [line.split(":")[0] for line in header]
        assert header, f"{_name(file)}: no header comment"
        assert not header[0].startswith(("Grain", "Order", "Reads")), (
            f"{_name(file)}: the first line states the subject"
        )
        assert "Reads" in labels, _name(file)
        assert "Grain" in labels or not re.search(
            r"^select|^from|^create table", file.text, re.MULTILINE
        ), _name(file)


def test_reads_lists_exactly_the_relations_read() -> None:
    for file in [*_FILES, *files.files_in("quality")]:
        documented = set(
            re.findall(
                r"\b(?:raw|staging|history|marts)\.\w+",
                " ".join(_header(file)).split("Reads:")[1].split(". ")[0],
            )
        )
        read = set(
            re.findall(
                r"\b(?:from|join)\s+((?:raw|staging|history|marts)\.\w+)"
                r"|\b((?:staging|marts)\.\w+)\(",
                _code(file),
            )
        )
        itself = f"{files.SCHEMAS.get(file.layer)}.{file.path.stem}"
        assert {a or b for a, b in read} - {itself} == documented - {itself}, _name(file)


def test_no_view_selects_a_star() -> None:
    star = r"\bselect\s+(?:distinct\s+)?\*|\w\.\*|^\s*\*,?$"
    assert _matching([*_FILES, *_QUERIES], star) == []


def test_views_are_not_ordered() -> None:
    assert _matching(_VIEWS, r"^\s{0,4}order by") == []


def test_no_query_takes_the_first_row_of_an_order() -> None:
    """In a table with deleted rows, `order by … limit 1` sometimes finds no row (DuckDB 2.0.1)."""
    assert _matching([*_RELATIONS, *files.files_in("checks")], r"\blimit\b") == []


def test_orders_are_valid_and_total(raw: RawTables) -> None:
    """In a total order, each key column is itself a term of `order by`."""
    for file in _RELATIONS:
        raw.connection.execute(f"select * from {file.address} order by {file.order}")
        order = sqlglot.parse_one(f"select 1 order by {file.order}", read="duckdb").args["order"]
        named = {term.this.name for term in order.expressions if isinstance(term.this, exp.Column)}
        assert set(file.key) - named == set(), _name(file)


def test_orders_are_the_same_for_the_same_data() -> None:
    volatile = re.compile(r"\b(?:age_hours|row_hash|now|random)\b")
    assert [_name(file) for file in _RELATIONS if volatile.search(file.order)] == []


def test_missing_order_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "marts" / "a.sql"
    file.parent.mkdir()
    file.write_text("-- A view.\n-- Grain: x.\n-- Reads: nothing.\nselect 1 as x")
    with pytest.raises(files.SqlError, match="the header needs a line `-- Order: "):
        _ = files.files_in("marts", tmp_path)[0].order


def test_default_order_is_that_of_the_header() -> None:
    order = files.default_order("marts.providers")
    assert order == "model_count desc, provider_id"
    assert files.default_order("marts.prices_as_of") is None, "a macro has no order"
    assert files.default_order("raw.models") is None, "defined by dlt, not by a file"


def test_everything_in_a_database_has_a_comment(demo: Path) -> None:
    with duckdb.connect(demo, read_only=True) as connection:
        comments = connection.execute(
            """
            select schema_name, view_name, '', comment from duckdb_views() where not internal
            union all
            select schema_name, table_name, '', comment from duckdb_tables()
            union all
            select schema_name, table_name, column_name, comment
            from duckdb_columns() where not internal
            union all
            select schema_name, function_name, '', comment
            from duckdb_functions() where not internal
            """
        ).fetchall()
    names = {f"{schema}.{name}" for schema, name, _, _ in comments}
    assert {file.address for file in _FILES} | {f"raw.{table}" for table in TABLES} <= names
    assert [row for row in comments if not row[3]] == []


def test_views_read_no_macro() -> None:
    macros = {macro.address for macro in _FILES if macro.layer == "macros"}
    for file in _VIEWS:
        assert not macros & set(re.findall(r"\bmarts\.\w+", _code(file))), _name(file)


def test_checks_have_a_subject_and_a_severity() -> None:
    for file in files.files_in("checks"):
        assert _header(file)[1] in ("Severity: error", "Severity: warning"), _name(file)
        assert len(duckdb.extract_statements(file.text)) == 1, _name(file)
