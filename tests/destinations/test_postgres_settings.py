"""PostgreSQL settings: error messages, and credentials, which are never printed."""

from __future__ import annotations

import signal
import sys
import time
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
from support.processes import finish_run, start_run
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
    ("credentials", "preparation", "message"),
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
            "contains an object that does not belong to llm-stats, raw.orders",
        ),
        (
            "BATCH",
            "create schema incoming; create table incoming.orders (id int)",
            "contains an object that does not belong to llm-stats, incoming.orders",
        ),
        (
            "BATCH",
            "alter role batch in database NAME set standard_conforming_strings = off",
            "standard_conforming_strings is off",
        ),
        (
            "BATCH",
            "create schema incoming; create materialized view incoming.mine as select 1",
            "contains an object that does not belong to llm-stats, incoming.mine",
        ),
        (
            "OTHERS",
            "create schema marts",
            (
                "the schema marts belongs to postgres, and batch has no privileges on it; "
                "run as postgres"
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
                "permission denied to create schemas; the database owner can grant it: "
                "grant create on database"
            ),
        ),
    ],
)
def test_server_errors_are_one_line(
    port: int,
    postgres: str,
    api: SampleApi,
    llm_stats: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    credentials: str,
    preparation: str | None,
    message: str,
) -> None:
    if preparation:
        preparation = preparation.replace("NAME", postgres.rpartition("/")[2])
        execute_sql(
            postgres.replace(f"batch:{SECRET}", f"postgres:{PASSWORD}")
            if credentials == "OTHERS"
            else postgres,
            preparation,
        )
    if credentials == "READER":
        execute_sql(
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
    assert len(done.err.splitlines()) == 1
    assert message in done.err
    assert done.code == 2
    assert llm_stats("show").code == 2
    if SECRET not in credentials:
        return
    arguments = ["llm-stats", "--debug", "run", "--all", "--base-url", api.base_url]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        main.main()
    traceback = capsys.readouterr()
    assert "Traceback" in traceback.err
    assert SECRET not in done.err + traceback.out + traceback.err


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
