"""DuckDB connection: results, errors, transactions, and Ctrl-C during a query."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import (
    DuckDBConnection,
    OutOfMemory,
    QueryError,
    Relation,
    collect_rows,
    fetch_rows,
    interruptible,
    out_of_memory,
    transaction,
)
from support.processes import PROGRAMS


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        " union all ".join(["select count(*) from range(1000000000000) where range % 7 = 3"] * 4),
        "select levenshtein(repeat('a', 20000), repeat('b', 20000) || range) from range(2048)",
    ],
    ids=["all threads are busy", "DuckDB ignores interrupts"],
)
def test_ctrl_c_ends_a_query(demo: Path, query: str) -> None:
    command = [
        sys.executable,
        str(PROGRAMS / "interrupt_query.py"),
        "sql",
        query,
        "--database",
        str(demo),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert out == ""
    assert err.strip() == "llm-stats: interrupted"
    assert process.returncode == 130


def test_result_of_a_query() -> None:
    with duckdb.connect() as native:
        connection = DuckDBConnection(native)
        table = connection.execute("select ? as a, 1.5::double as a", ["x"])
        assert (table.columns, table.types) == (("a", "a_1"), ("VARCHAR", "DOUBLE"))
        assert table.rows == [("x", 1.5)]
        with pytest.raises(QueryError, match=r"^Binder Error: .*nothing") as raised:
            connection.execute("select nothing")
        assert not str(raised.value).endswith("\n")
        with pytest.raises(OutOfMemory, match="its result exceeds 0 MB"):
            connection.execute("select repeat('x', 99)", max_bytes=162)
        assert connection.execute("select repeat('x', 99)", max_bytes=163).rows == [("x" * 99,)]


def test_relations_of_the_current_database_and_its_views() -> None:
    with duckdb.connect() as native:
        for statement in (
            *(f"create schema {schema}" for schema in ("raw", "staging", "marts")),
            "create table raw.models (id int)",
            "create view staging.models as from raw.models",
            "create view marts.models as from staging.models",
            "attach ':memory:' as other",
            "create table other.hidden (id int)",
            "create view other.hidden_view as select 1 as x",
        ):
            native.execute(statement)
        connection = DuckDBConnection(native)
        assert sorted(connection.relations()) == [
            Relation("marts", "models", "view"),
            Relation("raw", "models", "table"),
            Relation("staging", "models", "view"),
        ]
        connection.drop_views()
        assert connection.relations() == [Relation("raw", "models", "table")]


def test_size_of_rows_is_limited() -> None:
    rows = [("ab", b"c", 1, [1, "d"], {"k": "e"})]  # 2 + 1 + 8 + (64 + 9) + (64 + 1) and a tuple
    size = 64 + 2 + 1 + 8 + 64 + 8 + 1 + 64 + 1
    assert collect_rows([rows], size) == rows
    with pytest.raises(OutOfMemory, match="select fewer rows or columns"):
        collect_rows([rows], size - 1)
    with pytest.raises(OutOfMemory):
        collect_rows([rows, rows], size)
    with pytest.raises(OutOfMemory, match="exceeds 2 MB"):
        collect_rows([[("x" * 2_999_999,)]], 2_900_000)
    with duckdb.connect() as native:
        native.execute("select range from range(2001)")
        assert len(fetch_rows(native, 10**9)) == 2001


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (MemoryError(), "an allocation failed"),
        (duckdb.OutOfMemoryException("Out of Memory Error: full\nhint"), "full"),
        (RuntimeError("Could not allocate 1 MB"), "Could not allocate 1 MB"),
        (ValueError("out of memory"), "out of memory"),
    ],
)
def test_lack_of_memory_is_found_in_an_error(error: Exception, cause: str) -> None:
    failure = out_of_memory(error)
    assert str(failure) == (
        f"the query failed: out of memory ({cause}); select fewer rows, or shorter values"
    )


@pytest.mark.parametrize("error", [ValueError(), ValueError("syntax"), duckdb.Error("x")])
def test_other_errors_are_not_a_lack_of_memory(error: Exception) -> None:
    assert out_of_memory(error) is None


class Failing:
    """A connection whose statements raise an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def execute(self, *_: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), OutOfMemory),
        (RuntimeError("Could not allocate"), OutOfMemory),
        (RuntimeError("Query interrupted"), RuntimeError),
        (duckdb.OutOfMemoryException("full"), OutOfMemory),
        (duckdb.BinderException("x"), QueryError),
    ],
)
def test_errors_of_a_statement(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        DuckDBConnection(Failing(error)).execute("select 1")  # type: ignore[arg-type]


def test_transaction_is_committed_or_rolled_back() -> None:
    with duckdb.connect() as native:
        native.execute("create table t (x int)")
        with transaction(native):
            native.execute("insert into t values (1)")

        def fail() -> None:
            native.execute("insert into t values (2)")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), transaction(native):
            fail()
        assert native.execute("from t").fetchall() == [(1,)]


def test_interrupted_query_is_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="other"), interruptible():
        raise RuntimeError("other")
    before = signal.getsignal(signal.SIGINT)
    with duckdb.connect() as native, interruptible(native):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_own_handlers_and_other_threads_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is before, "no connection to interrupt"
    with duckdb.connect() as native:

        def observe() -> object:
            with interruptible(native):
                return signal.getsignal(signal.SIGINT)

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(observe).result() is before
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            assert observe() is signal.SIG_IGN
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        finally:
            signal.signal(signal.SIGINT, before)


def test_ctrl_c_interrupts_the_connection() -> None:
    class Interrupted:
        count = 0

        def interrupt(self) -> None:
            self.count += 1

    connection = Interrupted()
    with pytest.raises(KeyboardInterrupt), interruptible(connection):  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGINT)
    assert connection.count == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
