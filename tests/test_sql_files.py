"""The shape of every file under `sql/`: what a reader may rely on without opening it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
from conftest import RawTables
from llm_stats import sql

_FILES = [file for layer in ("staging", "history", "marts", "macros") for file in sql.files(layer)]
_VIEWS = [file for file in _FILES if file.layer in ("staging", "marts")]
_CHECKS = sql.files("checks")


def _name(file: sql.SqlFile) -> str:
    return f"{file.layer}/{file.path.name}"


def _header(file: sql.SqlFile) -> list[str]:
    lines = file.text.splitlines()
    return [line.removeprefix("--").strip() for line in lines[: next(i for i, line in enumerate(lines) if not line.startswith("--"))]]


def _code(file: sql.SqlFile) -> str:
    """The file without its comments and strings."""
    return re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", file.text)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        RawTables(connection).apply()
        yield connection


@pytest.mark.parametrize("file", _FILES, ids=_name)
def test_a_file_says_what_it_is_its_grain_and_what_it_reads(file: sql.SqlFile) -> None:
    header = _header(file)
    labels = [line.split(":")[0] for line in header]
    assert header, "no header comment"
    assert not header[0].startswith(("Grain", "Reads")), "the first line says what the file is"
    assert "Reads" in labels
    assert "Grain" in labels or file.path.stem == "blended_price"


@pytest.mark.parametrize("file", _FILES, ids=_name)
def test_a_file_names_what_it_reads(file: sql.SqlFile) -> None:
    said = set(re.findall(r"\b(?:raw|staging|history|marts)\.\w+", " ".join(_header(file)).split("Reads:")[1].split(". ")[0]))
    read = set(re.findall(r"\b(?:from|join)\s+((?:raw|staging|history|marts)\.\w+)|\b(marts\.blended_price)\(", _code(file)))
    assert {a or b for a, b in read} - {file.address} == said - {file.address}


@pytest.mark.parametrize("file", [*_FILES, *_CHECKS], ids=_name)
def test_no_star_is_selected(file: sql.SqlFile) -> None:
    assert not re.search(r"\bselect\s+(?:distinct\s+)?\*|\w\.\*|^\s*\*,?$", _code(file), re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("file", _VIEWS, ids=_name)
def test_a_view_is_not_ordered(file: sql.SqlFile) -> None:
    assert not re.search(r"^\s{0,4}order by", _code(file), re.MULTILINE)


@pytest.mark.parametrize("file", _VIEWS, ids=_name)
def test_a_view_and_each_of_its_columns_carry_a_comment(database: duckdb.DuckDBPyConnection, file: sql.SqlFile) -> None:
    schema, name = file.address.split(".")
    key = [schema, name]
    (comment,) = database.execute("select comment from duckdb_views() where schema_name = ? and view_name = ?", key).fetchall()[0]
    columns = database.execute("select column_name, comment from duckdb_columns() where schema_name = ? and table_name = ?", key).fetchall()
    assert comment
    assert columns
    assert [column for column, said in columns if not said] == []


@pytest.mark.parametrize("file", [file for file in _FILES if file.layer == "macros"], ids=_name)
def test_a_macro_carries_a_comment(database: duckdb.DuckDBPyConnection, file: sql.SqlFile) -> None:
    found = database.execute("select comment from duckdb_functions() where schema_name = 'marts' and function_name = ?", [file.path.stem])
    assert all(comment for (comment,) in found.fetchall())


@pytest.mark.parametrize("file", _VIEWS, ids=_name)
def test_a_view_reads_no_macro(file: sql.SqlFile) -> None:
    macros = {macro.address for macro in _FILES if macro.layer == "macros"}
    assert not macros & set(re.findall(r"\bmarts\.\w+", _code(file)))


@pytest.mark.parametrize("file", _CHECKS, ids=_name)
def test_a_check_says_what_is_wrong_and_how_bad_it_is(file: sql.SqlFile) -> None:
    header = _header(file)
    assert header[1] in ("Severity: error", "Severity: warning")
    assert len(duckdb.extract_statements(file.text)) == 1
