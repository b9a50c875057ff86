"""Table macros of an attached database: the macros must never read another database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from llm_stats import sample
from llm_stats.transform import files
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.duckdb_reader import MaterializedReader
from support.macro_calls import MACRO_CALLS
from support.new_warehouse import new_warehouse
from support.report_fixtures import load_days

_GUARD = "a table macro of an attached database cannot run: .* run `use old`"

Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a database with five models of the demo database."""
    database = tmp_path_factory.mktemp("old") / "backup.duckdb"
    with new_warehouse(database) as raw:
        load_days(raw, sample.today()[:5])
    return database


@pytest.fixture(scope="module")
def opened_demo(demo: Path, old: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(demo, read_only=True) as connection:
        connection.execute(f"attach '{old}' as old (read_only)")
        yield connection


@pytest.fixture
def attached(opened_demo: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a new connection to the demo database; the database `old` is attached."""
    with opened_demo.cursor() as connection:
        yield connection


@pytest.fixture(scope="module")
def opened_memory(old: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{old}' as old (read_only)")
        yield connection


@pytest.fixture
def in_memory(opened_memory: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a new connection to an in-memory database; the database `old` is attached."""
    with opened_memory.cursor() as connection:
        yield connection


@pytest.fixture(scope="module")
def expected(old: Path) -> Rows:
    """Return the rows of each macro call in `old`."""
    return _rows(old)


def _rows(database: Path) -> Rows:
    with duckdb.connect(database, read_only=True) as connection:
        return {
            call: connection.execute(f"from {call} order by all").fetchall() for call in MACRO_CALLS
        }


def test_calls_cover_all_table_macros() -> None:
    defined = {file.address for file in files.files_in("macros") if ") as table" in file.text}
    assert {call.partition("(")[0] for call in MACRO_CALLS} == defined


@pytest.mark.parametrize("call", MACRO_CALLS)
def test_macro_of_an_attached_database_is_an_error(
    attached: duckdb.DuckDBPyConnection, call: str
) -> None:
    with pytest.raises(duckdb.Error, match=_GUARD):
        attached.execute(f"from old.{call} order by all").fetchall()


@pytest.mark.parametrize(
    "query",
    [
        "select tokens, (select max(cost_usd) from marts.workload_cost(tokens, 0)) as cost "
        "from unnest([1000000, 2000000]) as workloads (tokens) order by tokens",
        "select tokens, max(cost_usd) from (values (1000000), (2000000)) as workloads (tokens), "
        "marts.workload_cost(workloads.tokens, 0) group by tokens order by tokens",
    ],
    ids=["subquery", "join"],
)
def test_argument_may_be_a_column(attached: duckdb.DuckDBPyConnection, query: str) -> None:
    (one, two) = attached.execute(query).fetchall()
    assert one[1] > 0
    assert two[1] == pytest.approx(2 * one[1])


def test_macro_without_rows_is_an_error_too(attached: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match=_GUARD):
        attached.execute("select count(*) from old.marts.cheapest_with('unknown', 0)").fetchall()


@pytest.mark.parametrize("call", MACRO_CALLS)
def test_use_makes_the_macro_read_its_own_database(
    attached: duckdb.DuckDBPyConnection,
    expected: Rows,
    call: str,
) -> None:
    attached.execute("use old")
    assert attached.execute(f"from old.{call} order by all").fetchall() == expected[call]
    assert attached.execute(f"from {call} order by all").fetchall() == expected[call]


@pytest.mark.parametrize("call", MACRO_CALLS)
def test_search_path_makes_the_macro_read_its_own_database(
    in_memory: duckdb.DuckDBPyConnection,
    expected: Rows,
    call: str,
) -> None:
    in_memory.execute("set search_path = 'memory.main,old.marts,old.staging,old.history'")
    assert in_memory.execute(f"from {call} order by all").fetchall() == expected[call]
    in_memory.execute("create or replace table own as select 1 as x")
    assert in_memory.execute("from memory.own").fetchall() == [(1,)]


def test_views_of_an_attached_database_read_their_own_database(
    attached: duckdb.DuckDBPyConnection, old: Path
) -> None:
    marts = [file.address for file in files.files_in("marts")]
    marts.remove("marts.freshness")  # ages depend on the time of the query
    with MaterializedReader(old) as reader:
        for mart in marts:
            rows = attached.execute(f"from old.{mart} order by all").fetchall()
            assert rows == reader.query(f"from {mart} order by all").rows, mart


def test_every_run_stores_the_id_of_its_snapshot_and_keeps_the_views(built_demo: Path) -> None:
    """A run that created the views again would have to check all models, which is slow."""
    macros = "select macro_definition from duckdb_functions() where function_name = 'workload_cost'"
    views = "select view_oid from duckdb_views() where schema_name = 'marts' order by all"
    found = []
    for snapshot in DuckDBWarehouse(built_demo / "llm_stats.duckdb").snapshots.all():
        with duckdb.connect(snapshot.file, read_only=True) as connection:
            assert connection.execute("from history.snapshot").fetchall() == [(snapshot.id,)]
            assert f"'{snapshot.id}'" in connection.execute(macros).fetchall()[0][0]
            assert connection.execute("from marts.workload_cost(1, 1)").fetchall()
            found.append(connection.execute(views).fetchall())
    yesterday, today = found
    assert yesterday == today


def test_copy_of_a_snapshot_answers(old: Path, expected: Rows, tmp_path: Path) -> None:
    assert _rows(shutil.copyfile(old, tmp_path / "copy.duckdb")) == expected


def test_copy_from_database_answers(old: Path, expected: Rows, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{old}' as old (read_only)")
        connection.execute(f"attach '{copy}' as copied")
        connection.execute("copy from database old to copied")
    assert _rows(copy) == expected


def test_new_macros_keep_their_comments(attached: duckdb.DuckDBPyConnection) -> None:
    query = """
        select function_name from duckdb_functions()
        where schema_name = 'marts' and coalesce(comment, '') = ''
    """
    assert attached.execute(query).fetchall() == []
