"""PostgreSQL settings: error messages, and credentials, which are never printed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import dlt
import pytest
from llm_stats.cli import main
from llm_stats.destinations.postgres import Postgres
from llm_stats.sample import SampleApi
from llm_stats.sample.catalog import today
from support.command import Command
from support.postgres_server import PASSWORD, SECRET, address, execute_sql
from support.processes import finish_run, start_run, wait_for_lock
from support.skip_conditions import REQUIRES_DUCKDB_2

pytestmark = pytest.mark.slow


def test_database_that_is_not_utf8_is_an_error(
    port: int, api: SampleApi, llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute_sql(
        address(port, "postgres", PASSWORD),
        "create database ascii owner batch encoding 'SQL_ASCII' locale_provider libc locale 'C' "
        "template template0",
    )
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address(port, database="ascii"))
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    done = llm_stats("run", "--all", "--base-url", api.base_url)
    assert done.code == 2
    assert (
        "stores text as SQL_ASCII, which cannot represent every name; create the database with "
        "`encoding 'UTF8'"
    ) in done.err
    assert api.requests == []


def test_user_settings_for_dlt_pipelines_and_client_encoding_are_ignored(
    new_database: Callable[[], str],
    api: SampleApi,
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", new_database())
    monkeypatch.setenv("DESTINATION__POSTGRES__DATASET_NAME_LAYOUT", "prefix_%s")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    record = today()[0] | {"name": "雀 model"}
    api.publish([record])

    assert llm_stats("run", record["id"], "--base-url", api.base_url).code == 0
    assert "雀 model" in llm_stats("show", "models").out


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (
            "",
            (
                "its credentials are missing or malformed; set them in "
                "DESTINATION__POSTGRES__CREDENTIALS"
            ),
        ),
        (f"{SECRET} nonsense", "its credentials are missing or malformed"),
        (f"postgresql://batch:p@{SECRET}@127.0.0.1:PORT/x", "encode an @ in the password as %40"),
        (f"postgresql://batch:p@s/{SECRET}@127.0.0.1:PORT/x", "encode an @ in the password as %40"),
        (f"postgresql://batch:{SECRET}@127.0.0.1:1/x", "cannot be opened: connection to server at"),
        (
            f"postgresql://batch:wrong-{SECRET}@127.0.0.1:PORT/x",
            "password authentication failed",
        ),
    ],
)
def test_wrong_credentials_are_one_line_without_the_password(
    port: int,
    api: SampleApi,
    llm_stats: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    credentials: str,
    message: str,
) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", credentials.replace("PORT", str(port)))
    error = error_of_run_and_show(llm_stats, api)
    assert message in error
    arguments = ["llm-stats", "--debug", "run", "--all", "--base-url", api.base_url]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        main.main()
    traceback = capsys.readouterr()
    assert "Traceback" in traceback.err
    assert SECRET not in error + traceback.out + traceback.err


@pytest.mark.parametrize(
    ("preparation", "message"),
    [
        (
            "create schema raw; create table raw.orders (id int)",
            "contains an object that does not belong to llm-stats, raw.orders",
        ),
        (
            "create schema incoming; create table incoming.orders (id int)",
            "contains an object that does not belong to llm-stats, incoming.orders",
        ),
        (
            "alter role batch in database NAME set standard_conforming_strings = off",
            "standard_conforming_strings is off",
        ),
        (
            "create schema incoming; create materialized view incoming.mine as select 1",
            "contains an object that does not belong to llm-stats, incoming.mine",
        ),
        (
            "create schema history; create table history.schema_version as select 1 as version",
            "has schema version 1, which is too old to migrate",
        ),
    ],
)
def test_unusable_database_is_one_line(
    postgres: str, api: SampleApi, llm_stats: Command, preparation: str, message: str
) -> None:
    execute_sql(postgres, preparation.replace("NAME", postgres.rpartition("/")[2]))
    assert message in error_of_run_and_show(llm_stats, api)


def test_missing_privileges_are_one_line(
    postgres: str, api: SampleApi, llm_stats: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = postgres.replace(f"batch:{SECRET}", f"postgres:{PASSWORD}")
    execute_sql(administrator, f"create role reader login password '{SECRET}'")
    with monkeypatch.context() as patched:
        reader = postgres.replace("//batch:", "//reader:")
        patched.setenv("DESTINATION__POSTGRES__CREDENTIALS", reader)
        assert (
            "permission denied to create schemas; the database owner can grant it: "
            "grant create on database"
        ) in error_of_run_and_show(llm_stats, api)
    execute_sql(administrator, "create schema marts")
    assert (
        "the schema marts belongs to postgres, and batch has no privileges on it; run as postgres"
    ) in error_of_run_and_show(llm_stats, api)


def error_of_run_and_show(llm_stats: Command, api: SampleApi) -> str:
    """Return the error of `run`, which is one line; assert that `show` fails too."""
    done = llm_stats("run", "--all", "--base-url", api.base_url)
    assert len(done.err.splitlines()) == 1
    assert done.code == 2
    assert llm_stats("show").code == 2
    return done.err


def test_short_password_is_not_masked_inside_words() -> None:
    engine = Postgres(dlt.destinations.postgres("postgresql://batch:b@h/x"))
    error = RuntimeError("cannot drop objects because of postgresql://batch:b@h/x, password=b 'b'")
    assert engine.sanitize(error) == (
        "cannot drop objects because of postgresql://batch:***@h/x, password=*** '***'"
    )


@pytest.mark.parametrize("password", [SECRET, f"p@s {SECRET}", f"{SECRET}/#"])
def test_errors_mask_the_password_in_every_spelling(password: str) -> None:
    engine = Postgres(dlt.destinations.postgres(f"postgresql://batch:{quote(password)}@h/x"))
    messages = [
        f'cannot attach "postgres://batch:{written}@h/x"'
        for written in (password, quote(password), quote(password, safe=" "))
    ]
    messages += [
        f"{prefix}{written}"
        for prefix in ("the password is ", "host=h password=")
        for written in (password, quote(password, safe=""))
    ]
    for message in messages:
        assert SECRET not in engine.sanitize(Exception(message)), message
    assert engine.sanitize(Exception("no host h:5432")) == "no host h:5432"


@pytest.mark.usefixtures("warehouse")
def test_credentials_are_not_stored_or_printed(llm_stats: Command, workdir: Path) -> None:
    def require_not_stored() -> None:
        for file in (file for file in workdir.rglob("*") if file.is_file()):
            assert SECRET.encode() not in file.read_bytes(), file

    database = workdir / "w.duckdb"
    with SampleApi(latency_ms=200) as api:
        process = start_run(database, api)
        wait_for_lock(process, database)
        assert process.poll() is None
        require_not_stored()
        assert SECRET not in Path(f"/proc/{process.pid}/cmdline").read_text()
        process.send_signal(signal.SIGKILL)
        finish_run(process)
        require_not_stored()
    with SampleApi() as api:
        run = ("run", "murmur-1", "--base-url", api.base_url, "--database", database)
        done, status = llm_stats(*run, "--quiet"), llm_stats("status", "--database", database)
    assert done.err == ""
    assert done.code == 0
    assert SECRET not in done.out + status.out + status.err
    require_not_stored()


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ("nonsense", "there is no destination 'nonsense'"),
        ("no/thing", "setting destination: name a destination: duckdb, postgres or ducklake"),
        ("mssql", "there is no destination 'mssql'; choose duckdb, postgres or ducklake"),
        pytest.param(
            "ducklake", "dlt supports DuckLake only with DuckDB 1.5", marks=REQUIRES_DUCKDB_2
        ),
    ],
)
def test_unknown_destination_is_one_line(
    llm_stats: Command, destination: str, message: str
) -> None:
    for arguments in (("run", "some-model"), ("show",), ("status",), ("check",)):
        done = llm_stats(*arguments, "--destination", destination)
        assert message in done.err
        assert done.code == 2
