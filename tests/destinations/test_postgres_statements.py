"""PostgreSQL as a destination: session, lock, relations, users' queries, Ctrl-C."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import dlt
import psycopg2
import pytest
from llm_stats.connection import OutOfMemory, QueryError, Relation
from llm_stats.destinations import postgres as module
from llm_stats.destinations.connection import connect
from llm_stats.destinations.postgres import Postgres
from llm_stats.errors import Locked, UsageError
from llm_stats.table import Table
from psycopg2 import extensions
from support.postgres_server import PASSWORD, SECRET, execute_sql


@pytest.mark.slow
@pytest.mark.usefixtures("postgres")
def test_settings_of_a_session() -> None:
    expected = {
        "lock_timeout": "10s",
        "enable_nestloop": "off",
        "jit": "off",
        "extra_float_digits": "1",
        "client_encoding": "UTF8",
    }
    with connect(Postgres()) as connection:
        for name, value in expected.items():
            assert connection.execute_native(f"show {name}").rows == [(value,)], name
        json = connection.execute_native("select cast('{\"a\": 1}' as json)")
        assert json.rows == [('{"a": 1}',)], "JSON stays text, as in DuckDB"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "options", "error"),
    [
        ("select nothing", {}, QueryError),
        ("select repeat('x', 9999)", {"max_bytes": 9}, OutOfMemory),
    ],
    ids=["unknown column", "large result"],
)
def test_after_a_failed_statement_nothing_is_executed_or_committed(
    postgres: str, query: str, options: dict[str, Any], error: type[Exception]
) -> None:
    execute_sql(postgres, "create table numbers (n int)")
    with connect(Postgres()) as connection:
        connection.begin()
        connection.execute("insert into public.numbers values (1)")
        with pytest.raises(error):
            connection.execute_native(query, **options)
        with pytest.raises(QueryError, match="an earlier statement has failed"):
            connection.execute("insert into public.numbers values (2)")
        with pytest.raises(QueryError, match="an earlier statement has failed"):
            connection.commit()
    assert execute_sql(postgres, "select n from numbers") == []


@pytest.mark.slow
def test_relations_of_every_kind(postgres: str) -> None:
    administrator = postgres.replace(f"batch:{SECRET}", f"postgres:{PASSWORD}")
    for statement in (
        "create schema raw",
        "create table raw.ordinary (id int primary key)",  # and an index
        "create table raw.parts (id int) partition by list (id)",
        "create sequence raw.numbers",
        "create view raw.a_view as select 1 as x",
        "create materialized view raw.stored as select 1 as x",
        "create type raw.pair as (a int, b int)",
        "create foreign data wrapper files",
        "create server disk foreign data wrapper files",
        "create foreign table raw.foreign_table (id int) server disk",
        "create table mine (id int)",
    ):
        execute_sql(administrator, statement)
    with connect(Postgres()) as connection:
        assert sorted(connection.relations()) == [
            Relation("raw", "a_view", "view"),
            Relation("raw", "foreign_table", "table"),
            Relation("raw", "numbers", "table"),
            Relation("raw", "ordinary", "table"),
            Relation("raw", "parts", "table"),
            Relation("raw", "stored", "table"),
        ]
        connection.destination.drop_views(connection, [])
        connection.execute_native("select 1")


@pytest.mark.slow
def test_holder_of_the_lock(
    postgres: str, new_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the holder is named: not the holders of other locks, nor one that waits for the lock."""
    other = new_database()
    administrator = postgres.replace(f"batch:{SECRET}", f"postgres:{PASSWORD}")
    key = module._LOCK_KEY
    waiting = psycopg2.connect(postgres)

    def wait() -> None:
        with waiting.cursor() as cursor, pytest.raises(psycopg2.Error):
            cursor.execute(f"select pg_advisory_lock({key})")

    with psycopg2.connect(other) as foreign, psycopg2.connect(postgres) as second:
        foreign.cursor().execute(f"select pg_advisory_lock({key})")
        second.cursor().execute(f"select pg_advisory_lock({key + 1})")
        second.cursor().execute(f"select pg_advisory_lock({key + 2**32})")
        with Postgres().run_lock() as lock:
            assert lock.is_held()
            thread = threading.Thread(target=wait)
            thread.start()
            waiters = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            while execute_sql(postgres, waiters) != [(1,)]:
                time.sleep(0.01)
            process = f"process {os.getpid()} on {socket.gethostname()}"
            message = (
                rf": another run holds the lock \({process} as batch, "
                rf"since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ\); wait for it, or stop it$"
            )
            with pytest.raises(Locked, match=message), Postgres().run_lock():
                pass
            waiting.cancel()
            thread.join()
            with monkeypatch.context() as patched:
                patched.setattr(module, "_LOCK_HOLDER", "select 1, 2, 3 where false")
                with pytest.raises(Locked, match=r"\(just started\)"), Postgres().run_lock():
                    pass
        with Postgres(dlt.destinations.postgres(administrator)).run_lock():
            hidden = r"the lock \(.* as postgres\); wait for it"
            with pytest.raises(Locked, match=hidden), Postgres().run_lock():
                pass
    for connection in (foreign, second, waiting):
        connection.close()


@pytest.mark.parametrize(
    ("query", "keyword"),
    [
        ("SELECT 1;", "select"),
        ("with x as (select 1) table x", "with"),
        ("values (1)", "values"),
        ("table t", "table"),
        ("explain select 1", "explain"),
        ("show jit", "show"),
        ("(select 1)", "("),
        ("select ';', $$;$$, $a$;$a$, E'\\';'", "select"),
        ("-- why;\nselect 1; -- done;", "select"),
    ],
)
def test_first_word_of_a_query(query: str, keyword: str) -> None:
    assert module._first_keyword(query) == keyword


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "the query is empty"),
        ("select 1; select 2", "expected one SQL statement, got several"),
        ("select 1;;", "expected one SQL statement, got several"),
        ("delete from t", "only read-only queries are allowed; begin the query with one of: sel"),
        ("select 'a", r"^Error tokenizing[^\n]*$"),
    ],
)
def test_query_that_is_not_run(query: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        module._first_keyword(query)


def test_rows_are_fetched_in_batches_that_double() -> None:
    class Server:
        """A server that returns rows for the first twelve batches, and none for the next."""

        sizes: list[int] = []  # noqa: RUF012

        def execute_native(self, query: str) -> Table:
            _, size, *_ = query.split()
            self.sizes.append(int(size))
            return Table((), (), [(1,)] if len(self.sizes) < 13 else [])

    server = Server()
    assert len(list(module._fetch_batches(server))) == 12  # type: ignore[arg-type]
    assert server.sizes == [*(2**power for power in range(10)), 1000, 1000, 1000]


class Waiting:
    """Replacement for a connection of the driver; `poll` returns the given states in order."""

    def __init__(self, *states: int) -> None:
        self.states = list(states)
        self.is_canceled = False

    def poll(self) -> int:
        return self.states.pop(0)

    def cancel(self) -> None:
        self.is_canceled = True


def test_driver_waits_for_what_the_connection_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[int, ...]] = []

    def record(*lists: Sequence[Any]) -> None:
        waits.append(tuple(map(len, lists)))

    monkeypatch.setattr("select.select", record)
    connection = Waiting(extensions.POLL_WRITE, extensions.POLL_READ, extensions.POLL_OK)
    module._wait(connection)
    assert waits == [(0, 1, 0), (1, 0, 0)]
    assert not connection.is_canceled


def test_ctrl_c_cancels_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("select.select", interrupt)
    connection = Waiting(extensions.POLL_READ)
    with pytest.raises(KeyboardInterrupt):
        module._wait(connection)
    assert connection.is_canceled


def test_wait_function_is_set_during_a_query() -> None:
    def mine(_: object) -> None:
        """Stay unused."""

    extensions.set_wait_callback(mine)
    try:
        with module._interruptible():
            assert extensions.get_wait_callback() is module._wait
        assert extensions.get_wait_callback() is mine
    finally:
        extensions.set_wait_callback(None)
