"""A warehouse in PostgreSQL: atomic publishing, recovery, one run at a time, secret credentials."""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import dlt
import psycopg2
import pytest
from llm_stats import sample
from llm_stats.destinations.postgres import Postgres
from llm_stats.sample import SampleApi
from llm_stats.schema.tables import DLT_TABLES, TABLES
from support.command import Command
from support.generations import generation
from support.markers import REQUIRES_DUCKDB_2
from support.postgres_server import PASSWORD, SECRET, address, ask
from support.processes import finish_run, output_lines, start_program, start_run

FULL = "LLM_STATS_STRESS" in os.environ

pytestmark = pytest.mark.timeout(3600 if FULL else 120)

RUNS, READERS = (20, 4) if FULL else (3, 2)
KILLS = 20 if FULL else 1


CONTENT = (
    (
        "select model_id, model_name, organization_id, release_date, context_window_tokens from "
        "staging.models"
    ),
    (
        "select model_id, list_index, provider_id, input_usd_per_mtok, output_usd_per_mtok from "
        "staging.offers"
    ),
    "select model_id, list_index, benchmark_id, score, is_verified from staging.scores",
    (
        "select model_id, provider_id, offer_number, price_rank, price_ratio_to_cheapest, "
        "is_cheapest from marts.offers"
    ),
    (
        "select category, evidence_scope, model_id, mean_win_rate, benchmark_count, rank from "
        "marts.leaderboard"
    ),
    (
        "select model_id, provider_id, offer_number, input_usd_per_mtok, output_usd_per_mtok, "
        "valid_to is null from history.offers"
    ),
    (
        "select model_id, benchmark_id, score_number, score, is_verified, valid_to is null from "
        "history.scores"
    ),
)


DOUBLED = (
    "select model_id, load_id from staging.fetches group by model_id, load_id having count(*) > 1"
)


def content(url: str) -> list[list[tuple[object, ...]]]:
    """Return everything that readers see, except the times, which differ from run to run."""
    return [sorted(ask(url, query), key=repr) for query in CONTENT]


def loads(url: str) -> list[tuple[object, ...]]:
    """Return each load and its number of requested models."""
    return ask(
        url, "select load_id, count(*) from staging.fetches group by load_id order by load_id"
    )


def test_readers_see_complete_states(postgres: str, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    readers = [start_program("poll_postgres", postgres, stop) for _ in range(READERS)]
    published = dict(
        output_lines(start_program("publish_generations", tmp_path / "w.duckdb", RUNS, "postgres"))
    )
    time.sleep(0.2)
    stop.touch()
    polls, slowest = 0, 0.0
    for reader in readers:
        ((seen, longest),) = output_lines(reader)
        polls, slowest = polls + len(seen), max(slowest, longest)
        generations = [state[-1] for _, state in seen]
        assert all(state[:6] == [1, True, True, True, True, 1] for _, state in seen)
        assert generations == sorted(generations), "no reader goes back"
        assert generations[-1] == RUNS
        for began, state in seen:
            assert state[-1] >= max(
                (number for number, moment in published.items() if moment <= began), default=0
            )
    print(
        f"\nreaders: {RUNS} runs, {READERS} readers, {polls} polls, the slowest {slowest:.2f} "
        "s, 0 inconsistent states"
    )


def test_killed_runs_do_not_change_the_published_state_and_the_next_run_succeeds(
    postgres: str, new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spared = new_database()
    hit = 0

    def whole_run(url: str, api: SampleApi) -> None:
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
        assert finish_run(start_run(tmp_path / f"{url == spared}.duckdb", api)) == (0, "")

    with SampleApi() as api:
        whole_run(spared, api)
        started = time.monotonic()
        whole_run(postgres, api)
        seconds = time.monotonic() - started
        for number in range(KILLS):
            api.publish(generation(number))
            monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", postgres)
            before = content(postgres), loads(postgres)
            victim = start_run(tmp_path / "False.duckdb", api)
            time.sleep(random.uniform(0.3 * seconds, seconds))
            victim.send_signal(signal.SIGKILL)
            was_killed = finish_run(victim)[0] == -signal.SIGKILL
            hit += was_killed
            after = content(postgres), loads(postgres)
            assert after == before or len(after[1]) == len(before[1]) + 1, (
                "a complete run or nothing"
            )
            whole_run(
                postgres, api
            )  # may find responses of the killed one, but never of another generation
            whole_run(spared, api)
            assert content(postgres) == content(spared)
            assert ask(postgres, DOUBLED) == []
        assert not list(tmp_path.glob(".*/work/*"))
    print(
        f"\nkills: {KILLS} runs killed, {hit} of them before they ended, 0 broken states, 0 "
        "differing rows"
    )


def test_of_concurrent_runs_on_two_machines_one_succeeds(postgres: str, tmp_path: Path) -> None:
    with SampleApi(latency_ms=300) as api:
        ended = [
            finish_run(process)
            for process in [start_run(tmp_path / name / "w.duckdb", api) for name in ("a", "b")]
        ]
    assert sorted(code for code, _ in ended) == [0, 6]
    (says,) = (err for code, err in ended if code == 6)
    assert "another run holds the lock (process " in says
    assert " as batch, since 20" in says
    assert len(loads(postgres)) == 1


def test_rejected_run_changes_nothing(postgres: str, api: SampleApi, llm_stats: Command) -> None:
    assert llm_stats("run", "--all", "--base-url", api.base_url).code == 0
    before = content(postgres), loads(postgres)
    records = sample.today()
    for record in records:
        record["scores"] = []
    api.publish(records)
    refused = llm_stats("run", "--all", "--base-url", api.base_url)
    assert refused.code == 5
    assert "tables_shrunk" in refused.err
    assert "stays in the schema incoming of postgres at 127.0.0.1" in refused.err
    assert (content(postgres), loads(postgres)) == before
    assert ask(postgres, "select count(*) from incoming.models") == [(14,)]
    shown = llm_stats("status").out
    assert shown.startswith(f"warehouse   postgres at {postgres.partition('@')[2]}\n")
    assert "tables_shrunk; the loaded rows stay in the schema incoming\n" in shown
    assert (
        "marts.workload_cost, which only DuckDB and DuckLake have; snapshots, rollback and "
        "export, which need a DuckDB file\n"
    ) in shown


def test_readers_block_only_a_run_with_new_views(
    postgres: str, api: SampleApi, llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ("run", "--all", "--base-url", api.base_url)
    assert llm_stats(*run).code == 0
    with psycopg2.connect(postgres) as reading, reading.cursor() as cursor:
        cursor.execute("select count(*) from marts.offers")
        assert llm_stats(*run).code == 0
        cursor.execute("select count(distinct load_id) from staging.fetches")
        assert cursor.fetchall() == [(2,)], "each statement sees the state published at its start"
        ask(postgres, "update raw.sql_fingerprint set sha256 = 'older'")
        monkeypatch.setattr("llm_stats.destinations.postgres.LOCK_TIMEOUT_SECONDS", 0.2)
        in_the_way = llm_stats(*run)
        assert in_the_way.code == 1
        assert "lock timeout" in in_the_way.err
        assert "nothing was published" in in_the_way.err
    reading.close()
    ask(
        postgres,
        "create schema others; create view others.mine as select model_id from marts.offers",
    )
    others = llm_stats(*run)
    assert others.code == 1
    assert "depend on" in others.err
    ask(postgres, "drop view others.mine")
    with psycopg2.connect(postgres) as reading, reading.cursor() as cursor:
        cursor.execute("select count(*) from incoming.models")
        waited = llm_stats(*run)
        assert (waited.code, "lock timeout; nothing was published" in waited.err) == (1, True), (
            "like a backup of all schemas"
        )
    reading.close()
    ask(postgres, "drop view marts.freshness")
    assert llm_stats(*run).code == 0
    assert llm_stats("show", "freshness").code == 0, "a dropped view is created again"


def test_raw_is_a_dlt_dataset(postgres: str, api: SampleApi, llm_stats: Command) -> None:
    assert llm_stats("run", "murmur-1", "--base-url", api.base_url).code == 0
    assert llm_stats("run", "--all", "--base-url", api.base_url).code == 0
    dataset = dlt.dataset(dlt.destinations.postgres(postgres), "raw")
    for table in TABLES | DLT_TABLES:
        counted = ask(postgres, f"select count(*) from raw.{table}")
        assert [(len(dataset[table].fetchall()),)] == counted
    rows = "select (select count(*) from raw._dlt_loads), (select count(*) from raw._dlt_version)"
    assert ask(postgres, rows) == [(2, 1)]
    # a load id is the time of the load in seconds
    delays = "select extract(epoch from inserted_at) - cast(load_id as float) from raw._dlt_loads"
    assert all(0 < delay < 600 for (delay,) in ask(postgres, delays))  # type: ignore[operator]


def test_user_query_is_one_read_only_statement(
    postgres: str, api: SampleApi, llm_stats: Command
) -> None:
    assert llm_stats("run", "--all", "--base-url", api.base_url, "--quiet").code == 0
    assert (
        llm_stats(
            "sql", "select count(*) as n, '%s ?' as t from marts.offers;", "--format", "csv"
        ).out
        == "n,t\n30,%s ?\n"
    )
    for query, says in (
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
        asked = llm_stats("sql", query)
        assert asked.code == 2, query
        assert says in asked.err
    text = "'\\' || '; commit; delete from raw.models; select 1 --'"
    assert (
        llm_stats("sql", f"select {text} as t", "--format", "csv").out
        == "t\n\\; commit; delete from raw.models; select 1 --\n"
    )
    assert ask(postgres, "select count(*) from raw.models") == [(14,)]
    assert "Seq Scan" in llm_stats("sql", "explain select * from raw.models").out
    assert (
        llm_stats("sql", "show transaction_read_only", "--format", "csv").out
        == "transaction_read_only\non\n"
    )


def test_database_that_is_not_utf8_is_an_error(
    port: int, api: SampleApi, llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(
        address(port, "postgres", PASSWORD),
        (
            "create database ascii owner batch encoding 'SQL_ASCII' locale_provider libc locale "
            "'C' template template0"
        ),
    )
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address(port, database="ascii"))
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    refused = llm_stats("run", "--all", "--base-url", api.base_url)
    assert refused.code == 2
    assert (
        "stores text as SQL_ASCII, which cannot represent every name; create the database "
        "with `encoding 'UTF8'"
    ) in refused.err
    assert api.requests == []


@pytest.mark.parametrize(
    "step", ["llm_stats.queries.checks.run_checks", "llm_stats.queries.changes.of_load"]
)
def test_connection_lost_at_the_end_of_a_run(
    port: int,
    postgres: str,
    api: SampleApi,
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    module, _, name = step.rpartition(".")
    look = getattr(importlib.import_module(module), name)

    def lose_it(*arguments: object) -> object:
        ask(
            address(port, "postgres", PASSWORD),
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'batch'",
        )
        return look(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(step, lose_it)
        lost = llm_stats("run", "--all", "--base-url", api.base_url)
    assert (lost.code, len(lost.err.splitlines())) == (1, 1)
    assert "terminating connection" in lost.err
    assert lost.err.endswith("; nothing was published\n")


def test_ctrl_c_ends_a_query_in_the_client_and_on_the_server(
    postgres: str, api: SampleApi, llm_stats: Command
) -> None:
    assert llm_stats("run", "--all", "--base-url", api.base_url, "--quiet").code == 0
    running = """
        select 1 from pg_stat_activity
        where query = 'fetch all from user_rows' and state = 'active'
            and datname = current_database()
    """
    command = [sys.executable, "-m", "llm_stats", "sql", "select pg_sleep(1000)"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asked:
        try:
            while not ask(postgres, running):
                assert asked.poll() is None
                time.sleep(0.02)
            asked.send_signal(signal.SIGINT)
            out, err = asked.communicate(timeout=20)
        finally:
            asked.kill()
    assert (asked.returncode, out, err.strip()) == (130, "", "llm-stats: interrupted")
    while ask(postgres, running):
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("credentials", "before", "says"),
    [
        (
            "",
            None,
            (
                "its credentials are missing or malformed; set them in "
                "DESTINATION__POSTGRES__CREDENTIALS"
            ),
        ),
        (f"{SECRET} nonsense", None, "its credentials are missing or malformed"),
        (
            f"postgresql://batch:p@{SECRET}@127.0.0.1:PORT/x",
            None,
            "encode an @ in the password as %40",
        ),
        (
            f"postgresql://batch:p@s/{SECRET}@127.0.0.1:PORT/x",
            None,
            "encode an @ in the password as %40",
        ),
        (
            f"postgresql://batch:{SECRET}@127.0.0.1:1/x",
            None,
            "cannot be opened: connection to server at",
        ),
        (
            f"postgresql://batch:wrong-{SECRET}@127.0.0.1:PORT/x",
            None,
            "password authentication failed",
        ),
        (
            "BATCH",
            "create schema raw; create table raw.orders (id int)",
            "holds something else, raw.orders",
        ),
        (
            "BATCH",
            "create schema incoming; create table incoming.orders (id int)",
            "holds something else, incoming.orders",
        ),
        (
            "BATCH",
            "alter role batch in database NAME set standard_conforming_strings = off",
            "standard_conforming_strings is off",
        ),
        (
            "BATCH",
            "create schema incoming; create materialized view incoming.mine as select 1",
            "holds something else, incoming.mine",
        ),
        (
            "OTHERS",
            "create schema marts",
            (
                "the schema marts belongs to postgres, and batch has no privileges on it; run as "
                "postgres"
            ),
        ),
        (
            "BATCH",
            "create schema history; create table history.schema_version as select 1 as version",
            "has schema version 1, which is too old to migrate",
        ),
        (
            "READER",
            None,
            (
                "permission denied to create schemas; the database owner can grant it: grant "
                "create on database"
            ),
        ),
    ],
)
def test_server_errors_are_one_line(
    port: int,
    postgres: str,
    api: SampleApi,
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
    credentials: str,
    before: str | None,
    says: str,
) -> None:
    if before:
        before = before.replace("NAME", postgres.rpartition("/")[2])
        ask(
            postgres.replace(f"batch:{SECRET}", f"postgres:{PASSWORD}")
            if credentials == "OTHERS"
            else postgres,
            before,
        )
    if credentials == "READER":
        ask(
            address(port, "postgres", PASSWORD),
            f"drop role if exists reader; create role reader login password '{SECRET}'",
        )
    urls = {
        "BATCH": postgres,
        "OTHERS": postgres,
        "READER": postgres.replace("//batch:", "//reader:"),
    }
    monkeypatch.setenv(
        "DESTINATION__POSTGRES__CREDENTIALS",
        urls.get(credentials, credentials.replace("PORT", str(port))),
    )
    done = llm_stats("run", "--all", "--base-url", api.base_url)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert says in done.err
    assert llm_stats("show").code == 2
    if SECRET not in credentials:
        return
    with_all = [
        sys.executable,
        "-m",
        "llm_stats",
        "--debug",
        "run",
        "--all",
        "--base-url",
        api.base_url,
    ]
    traceback = subprocess.run(with_all, capture_output=True, text=True, check=False)
    assert "Traceback" in traceback.stderr
    assert SECRET not in done.err + traceback.stdout + traceback.stderr


@pytest.mark.parametrize("password", [SECRET, f"p@s {SECRET}", f"{SECRET}/#"])
def test_errors_mask_the_password_in_every_spelling(password: str) -> None:
    engine = Postgres(dlt.destinations.postgres(f"postgresql://batch:{quote(password)}@h/x"))
    said = [
        f'cannot attach "postgres://batch:{written}@h/x"'
        for written in (password, quote(password), quote(password, safe=" "))
    ]
    said += [
        f"{words}{written}"
        for words in ("the word is ", "host=h password=")
        for written in (password, quote(password, safe=""))
    ]
    for says in said:
        assert SECRET not in engine.sanitize(Exception(says)), says
    assert engine.sanitize(Exception("no host h:5432")) == "no host h:5432"


def test_credentials_are_not_stored_or_printed(postgres: str, tmp_path: Path) -> None:
    with SampleApi(latency_ms=200) as api:
        process = start_run(tmp_path / "w.duckdb", api)
        while not (holder := tmp_path / ".w" / "holder.json").exists():
            time.sleep(0.02)
        assert SECRET not in holder.read_text() + Path(f"/proc/{process.pid}/cmdline").read_text()
        process.send_signal(signal.SIGKILL)
        finish_run(process)
        assert SECRET.encode() not in b"".join(
            file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()
        )
        assert finish_run(start_run(tmp_path / "w.duckdb", api)) == (0, "")
    assert SECRET.encode() not in b"".join(
        file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()
    )


@pytest.mark.parametrize(
    ("destination", "says"),
    [
        ("nonsense", "there is no destination 'nonsense'"),
        ("no/thing", "setting destination: name a destination: duckdb, postgres or ducklake"),
        ("mssql", "there is no destination 'mssql'; choose duckdb, postgres or ducklake"),
        pytest.param("ducklake", "dlt opens a lake with DuckDB 1.5 only", marks=REQUIRES_DUCKDB_2),
    ],
)
def test_unknown_destination_is_one_line(llm_stats: Command, destination: str, says: str) -> None:
    for arguments in (("run", "some-model"), ("show",), ("status",), ("check",)):
        done = llm_stats(*arguments, "--destination", destination)
        assert (done.code, says in done.err) == (2, True), done.err


def test_commands_for_files_only_are_an_error(postgres: str, llm_stats: Command) -> None:
    for arguments in (("snapshots",), ("rollback",), ("export", "out")):
        done = llm_stats(*arguments)
        assert done.code == 2
        assert "the destination is postgres" in done.err
