"""Execution of the files under `sql/`: build order, errors, no partial changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection, transaction
from llm_stats.transform import apply, files


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(address: str, text: str) -> Path:
        file = tmp_path / f"{address}.sql"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    (snapshot,) = (file for file in files.files_in("history") if file.path.stem == "snapshot")
    write("history/snapshot", snapshot.text)
    return write


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_files_are_ordered_by_what_they_read(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write("marts/a", "create view marts.a as select x from marts.z")
    write(
        "marts/z",
        "create view marts.z as select x from history.m -- not marts.a\n where x <> 'marts.a'",
    )
    write("history/m", "create table if not exists history.m as select 1 as x")
    write("macros/b", "create macro marts.b(y) as table select x from marts.a")
    ordered = [file.address for file in files.in_build_order(tmp_path)]
    assert [address for address in ordered if address != "history.snapshot"] == [
        "history.m",
        "marts.z",
        "marts.a",
        "marts.b",
    ]


def test_cycle_is_an_error(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    write("marts/a", "create view marts.a as select x from marts.b")
    write("marts/b", "create view marts.b as select x from marts.a")
    cycle = r"marts\.[ab] → marts\.[ab] → marts\.[ab]"
    with pytest.raises(files.SqlError, match=f"circular dependency between SQL files: {cycle}"):
        files.in_build_order(tmp_path)


def test_two_files_of_one_name_are_an_error(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write("marts/a", "create view marts.a as select 1 as x")
    write("macros/a", "create macro marts.a() as 1")
    with pytest.raises(files.SqlError, match=r"marts\.a is also defined by"):
        files.in_build_order(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "-- says\ncreate view marts.b as\nselect\n    nothing\nfrom marts.a;\n",
            r"marts/b\.sql, line 4: Binder Error: Referenced column",
        ),
        (
            "create view marts.b as select 1 as x;\n\n\nselec 1;",
            r"marts/b\.sql, line 4: Parser Error",
        ),
        (
            "create view marts.b as select 1 as x;\n\ncomment on view marts.c is 'x';",
            r"marts/b\.sql, line 3: Catalog Error",
        ),
        ("create view marts.b as select 'x", r"marts/b\.sql, line 1: Parser Error"),
    ],
)
def test_invalid_file_is_named_with_its_line_and_changes_nothing(
    write: Callable[[str, str], Path],
    tmp_path: Path,
    connection: duckdb.DuckDBPyConnection,
    text: str,
    message: str,
) -> None:
    write("history/h", "create table if not exists history.h as select 1 as x")
    write("marts/a", "create view marts.a as select 1 as x")
    apply.create_views(DuckDBConnection(connection), "1", tmp_path)
    write("marts/a", "create view marts.a as select 2 as x")
    write("history/h", "create or replace table history.h as select 2 as x")
    write("marts/b", text)
    with pytest.raises(files.SqlError, match=message), transaction(connection):
        apply.create_views(DuckDBConnection(connection), "1", tmp_path)
    assert connection.execute(
        "select (select x from marts.a), (select x from history.h)"
    ).fetchall() == [(1, 1)]


def test_view_without_a_file_is_dropped_and_history_stays(
    write: Callable[[str, str], Path], tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write("history/h", "create table if not exists history.h as select 1 as x")
    gone = write("marts/a", "create view marts.a as select x from history.h")
    macro = write("macros/m", "create macro marts.m() as table select x from history.h")
    apply.create_views(DuckDBConnection(connection), "1", tmp_path)
    gone.unlink()
    macro.unlink()
    apply.create_views(DuckDBConnection(connection), "1", tmp_path)
    assert (
        connection.execute(
            "select view_name from duckdb_views() where schema_name = 'marts'"
        ).fetchall()
        == []
    )
    assert connection.execute(
        "select count(*) from duckdb_functions() where schema_name = 'marts'"
    ).fetchall() == [(0,)]
    assert connection.execute("from history.h").fetchall() == [(1,)]


@pytest.mark.parametrize("gone", ["a", "b"])
def test_dropped_view_is_recreated(
    write: Callable[[str, str], Path],
    tmp_path: Path,
    connection: duckdb.DuckDBPyConnection,
    gone: str,
) -> None:
    for name in ("a", "b"):
        write(f"marts/{name}", f"create view marts.{name} as select 1 as x")
    apply.create_views(DuckDBConnection(connection), "1", tmp_path)
    connection.execute(f"drop view marts.{gone}")
    apply.create_views(DuckDBConnection(connection), "2", tmp_path)
    assert connection.execute(f"from marts.{gone}").fetchall() == [(1,)]


def test_all_files_can_be_applied_twice_to_empty_tables(raw: object) -> None:
    raw.apply()  # type: ignore[attr-defined]
    raw.apply()  # type: ignore[attr-defined]
