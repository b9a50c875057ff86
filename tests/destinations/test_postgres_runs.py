"""Runs and commands on PostgreSQL: transactions, rejected loads, lost connections."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dlt
import psycopg2
import pytest
from llm_stats import sample
from llm_stats.destinations import open_reader
from llm_stats.errors import UsageError
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.schema.tables import DLT_TABLES, TABLES
from llm_stats.settings import Settings
from llm_stats.transform import files
from llm_stats.transform.dialect import translate
from support.command import Command
from support.older_versions import downgrade
from support.postgres_content import content, loads
from support.postgres_server import PASSWORD, address, execute_sql

pytestmark = pytest.mark.slow


def test_rejected_run_changes_nothing(warehouse: str, api: SampleApi, llm_stats: Command) -> None:
    before = content(warehouse), loads(warehouse)
    records = sample.today()
    for record in records:
        record["scores"] = []
    api.publish(records)
    rejected = llm_stats("run", "--all", "--max-age", 0, "--base-url", api.base_url)
    assert "tables_shrunk" in rejected.err
    assert "stays in the schema incoming of postgres at 127.0.0.1" in rejected.err
    assert rejected.code == 5
    assert (content(warehouse), loads(warehouse)) == before
    assert execute_sql(warehouse, "select count(*) from incoming.models") == [(14,)]
    status = llm_stats("status").out
    assert status.startswith(f"warehouse   postgres at {warehouse.partition('@')[2]}\n")
    assert "tables_shrunk; the loaded rows stay in the schema incoming\n" in status
    assert (
        ", which only DuckDB and DuckLake have; snapshots, rollback and export, "
        "which need a DuckDB file\n"
    ) in status


def test_report_is_written(warehouse: str, llm_stats: Command) -> None:
    done = llm_stats("report", "--out", "page.html")
    assert re.fullmatch(r"wrote page\.html \(1\.\d MB\)\n", done.out), done.err
    assert done.code == 0


@pytest.mark.usefixtures("unchecked")
def test_changed_function_is_a_new_definition_of_all_views(
    warehouse: str,
    api: SampleApi,
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The views contain the code of the functions, so a changed function requires new views.

    A new definition of `offer_hash` must not add rows to the history.
    """
    stored = "select count(*), count(distinct row_hash) from history.offers"
    before = execute_sql(warehouse, stored)
    changed = tmp_path / "sql"
    shutil.copytree(files.sql_folder(), changed)
    for name, old, new in (("blended_price", "* input", "* 2 * input"), ("offer_hash", "31", "29")):
        function = changed / "functions" / f"{name}.sql"
        function.write_text(function.read_text("utf-8").replace(old, new), "utf-8")
    monkeypatch.setattr(files, "sql_folder", lambda: changed)
    # translations in the cache contain the functions before the change
    monkeypatch.setattr("llm_stats.destinations.connection.translate", translate.__wrapped__)
    blended = "select round(cast(sum(blended_usd_per_mtok) as decimal), 6) from marts.offers"
    blended_before = execute_sql(warehouse, blended)
    run = ("run", "--all", "--base-url", api.base_url, "--allow-failure", "prices_in_range")
    assert llm_stats(*run).code == 0
    assert execute_sql(warehouse, blended) != blended_before
    assert execute_sql(warehouse, stored) == before, "no row was closed and opened again"


@pytest.mark.usefixtures("unchecked")
def test_readers_block_only_a_run_with_new_views(
    warehouse: str, api: SampleApi, llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ("run", "murmur-1", "--base-url", api.base_url)
    fetches = "select count(distinct load_id) from staging.fetches"
    with psycopg2.connect(warehouse) as reading, reading.cursor() as cursor:
        cursor.execute("select count(*) from marts.offers")
        with open_reader(Settings.read()) as reader:
            assert reader.query("select count(*) from marts.offers").rows == [(30,)]
            assert llm_stats(*run).code == 0
            assert reader.query(fetches).rows == [(1,)], "an open reader sees one state"
        cursor.execute(fetches)
        assert cursor.fetchall() == [(2,)], "each statement sees the state published at its start"
        execute_sql(warehouse, "update raw.sql_fingerprint set sha256 = 'older'")
        monkeypatch.setattr("llm_stats.destinations.postgres.LOCK_TIMEOUT_SECONDS", 0.2)
        blocked = llm_stats(*run)
        assert "lock timeout" in blocked.err
        assert "nothing was published" in blocked.err
        assert blocked.code == 1
    reading.close()
    execute_sql(
        warehouse,
        "create schema reports; create view reports.mine as select model_id from marts.offers",
    )
    failed = llm_stats(*run)
    assert "depend on" in failed.err
    assert "drop your own views that depend on them, run again" in failed.err
    assert failed.code == 1
    execute_sql(warehouse, "drop view reports.mine")
    with psycopg2.connect(warehouse) as reading, reading.cursor() as cursor:
        cursor.execute("select count(*) from incoming.models")
        blocked = llm_stats(*run)
        assert "lock timeout; nothing was published" in blocked.err, "like a backup of all schemas"
        assert blocked.code == 1
    reading.close()


@pytest.mark.usefixtures("unchecked")
def test_raw_is_a_dlt_dataset(warehouse: str, api: SampleApi, llm_stats: Command) -> None:
    assert llm_stats("run", "murmur-1", "--base-url", api.base_url).code == 0
    dataset = dlt.dataset(dlt.destinations.postgres(warehouse), "raw")
    for table in TABLES | DLT_TABLES:
        counted = execute_sql(warehouse, f"select count(*) from raw.{table}")
        assert [(len(dataset[table].fetchall()),)] == counted
    rows = "select (select count(*) from raw._dlt_loads), (select count(*) from raw._dlt_version)"
    assert execute_sql(warehouse, rows) == [(2, 1)]
    # a load id is the Unix time at which a load starts, shortly before `inserted_at`
    delays = "select extract(epoch from inserted_at) - cast(load_id as float) from raw._dlt_loads"
    assert all(0 < delay < 600 for (delay,) in execute_sql(warehouse, delays))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("step", "lost_connections", "cause"),
    [
        ("llm_stats.queries.checks.run_checks", "%", "terminating connection"),
        (
            "llm_stats.queries.changes.of_load",
            "process %",
            "the connection that held the lock was lost",
        ),
    ],
    ids=["all", "only the lock"],
)
def test_connection_lost_at_the_end_of_a_run(
    port: int,
    warehouse: str,
    api: SampleApi,
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    lost_connections: str,
    cause: str,
) -> None:
    """Terminate connections by name; the connection with the lock is named `process …`."""
    module, _, name = step.rpartition(".")
    original = getattr(importlib.import_module(module), name)

    def lose_connection(*arguments: object) -> object:
        execute_sql(
            address(port, "postgres", PASSWORD),
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'batch' "
            f"and application_name like '{lost_connections}'",
        )
        return original(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(step, lose_connection)
        lost = llm_stats("run", "murmur-1", "--base-url", api.base_url)
    assert len(lost.err.splitlines()) == 1
    assert cause in lost.err
    assert lost.err.endswith("; nothing was published\n")
    assert lost.code == 1
    assert len(loads(warehouse)) == 1


def test_user_query_is_one_read_only_statement(warehouse: str, llm_stats: Command) -> None:
    assert (
        llm_stats(
            "sql", "select count(*) as n, '%s ?' as t from marts.offers;", "--format", "csv"
        ).out
        == "n,t\n30,%s ?\n"
    )
    for query, message in (
        ("delete from raw.models", "only read-only queries are allowed"),
        (
            "with gone as (delete from raw.models returning 1) select * from gone",
            "read-only transaction",
        ),
        ("copy (select 1) to program 'cat'", "only read-only queries are allowed"),
        ("commit; delete from raw.models", "expected one SQL statement, got several"),
        (" -- nothing", "the query is empty"),
        (
            "select E'a'\n'b\\' || '; commit; delete from raw.models; select 1 --'",
            "cannot open multi-query plan as cursor",
        ),
        ("select nothing", "does not exist"),
    ):
        done = llm_stats("sql", query)
        assert done.code == 2, query
        assert message in done.err
        assert "LINE 1" not in done.err
    text = "'\\' || '; commit; delete from raw.models; select 1 --'"
    assert (
        llm_stats("sql", f"select {text} as t", "--format", "csv").out
        == "t\n\\; commit; delete from raw.models; select 1 --\n"
    )
    assert execute_sql(warehouse, "select count(*) from raw.models") == [(14,)]
    assert "Seq Scan" in llm_stats("sql", "explain select * from raw.models").out
    assert (
        llm_stats("sql", "show transaction_read_only", "--format", "csv").out
        == "transaction_read_only\non\n"
    )


def test_reader_accepts_parameters_and_describes_columns(warehouse: str, workdir: Path) -> None:
    settings = Settings.read(database=workdir / "w.duckdb")
    with open_reader(settings) as reader:
        assert reader.query("select 5 || cast(? as varchar) || '%'", [" "]).rows == [("5 %",)]
        _, columns = reader.describe("offers")
    assert (len(columns.columns), len(columns.types)) == (3, 3)


def test_result_of_a_query_is_limited(warehouse: str, llm_stats: Command) -> None:
    done = llm_stats("sql", "select repeat('x', 10000000) from generate_series(1, 1000)")
    assert done.err == (
        "llm-stats: the query failed: its result exceeds 100 MB; select fewer rows or columns\n"
    )
    assert done.code == 1
    query = "select n from generate_series(1, 3000) as n order by n"
    assert llm_stats("sql", query, "--format", "csv").out.split() == [
        "n",
        *map(str, range(1, 3001)),
    ]
    assert llm_stats("sql", "select 1 as n where false", "--format", "csv").out == "n\n"


def test_ctrl_c_ends_a_query_in_the_client_and_on_the_server(
    warehouse: str, llm_stats: Command
) -> None:
    running = """
        select 1 from pg_stat_activity
        where query like 'fetch % from user_rows' and state = 'active'
            and datname = current_database()
    """
    command = [sys.executable, "-m", "llm_stats", "sql", "select pg_sleep(1000)"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as client:
        try:
            while not execute_sql(warehouse, running):
                assert client.poll() is None
                time.sleep(0.02)
            client.send_signal(signal.SIGINT)
            out, err = client.communicate(timeout=20)
        finally:
            client.kill()
    assert out == ""
    assert err.strip() == "llm-stats: interrupted"
    assert client.returncode == 130
    while execute_sql(warehouse, running):
        time.sleep(0.02)


def test_commands_for_files_only_are_an_error(postgres: str, llm_stats: Command) -> None:
    for arguments in (("snapshots",), ("rollback",), ("export", "out")):
        done = llm_stats(*arguments)
        assert "the destination is postgres" in done.err
        assert done.code == 2


@pytest.mark.usefixtures("unchecked")
def test_documented_statements_undo_a_fast_clock_and_lose_nothing(
    warehouse: str, api: SampleApi, workdir: Path
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "destinations.md").read_text("utf-8")
    (statements,) = re.findall(r"## Wrong clock.*?```sql\n(.*?)```", page, re.DOTALL)
    settings = Settings.read(
        base_url=api.base_url,
        database=workdir / "w.duckdb",
        cache_ttl="0",
        model_ids=[sample.today()[0]["id"]],
    )
    fast = dt.datetime.now(dt.UTC) + dt.timedelta(days=3650)
    for day in range(2):
        records = sample.today()
        records[0]["providers"][0]["input_price_per_m"] = 100 + day
        api.publish(records)
        at = fast + dt.timedelta(hours=day)
        execute(settings, clock=lambda at=at: at)  # type: ignore[misc]
    with pytest.raises(UsageError, match='correct the times in the database: see "Wrong clock"'):
        execute(settings)
    ahead = "3651 days"
    since = f"{fast - dt.timedelta(days=1):%Y-%m-%d}"
    execute_sql(warehouse, statements.replace("3650 days", ahead).replace("2036-11-25", since))
    api.publish(sample.today())
    assert execute(settings).exit_code == 0
    prices = (
        "select distinct input_usd_per_mtok from history.offers where input_usd_per_mtok >= 100"
    )
    assert execute_sql(warehouse, f"{prices} order by 1") == [(100,), (101,)]
    assert execute_sql(warehouse, "select max(valid_to) < now() from history.offers") == [(True,)]


@pytest.mark.usefixtures("unchecked")
def test_run_migrates_an_older_warehouse(
    warehouse: str, api: SampleApi, llm_stats: Command
) -> None:
    before = content(warehouse)
    downgrade(lambda statement: execute_sql(warehouse, statement), 5)
    records = sample.today()
    for record in records:
        record |= {"created_at": 1735689600, "release_date": "2025-09"}
        record["scores"] = [score | {"scored_at": "2025"} for score in record["scores"]]
    api.publish(records)
    done = llm_stats("run", "--all", "--max-age", 0, "--base-url", api.base_url)
    assert done.code == 0, done.err
    assert content(warehouse)[1:] == before[1:], "the release dates of models differ"
    models, scores = (
        "select count(*) from raw.models where created_at is null and unreadable is not null",
        "select count(*) from raw.models__scores where scored_at is not null",
    )
    assert execute_sql(warehouse, models) == [(14,)]
    assert execute_sql(warehouse, scores) == [(0,)]
