"""`llm-stats status`: last run, requests, health, failing models, configuration."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import platform
import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from llm_stats import __version__
from llm_stats.api.quota import Quota
from llm_stats.cli.status import status_json, status_lines
from llm_stats.config_report import config_report
from llm_stats.errors import CheckFailed, UsageError
from llm_stats.fetch.cache import ResponseCache
from llm_stats.queries import checks
from llm_stats.queries.status import Status, status
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.schema.fetch import Fetch
from llm_stats.transform.checks import all_checks
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.connection_reader import ConnectionReader
from support.new_warehouse import new_warehouse
from support.raw_tables import RawTables
from support.synthetic_catalog import synthetic_catalog
from support.unchecked_reader import UncheckedReader

pytestmark = pytest.mark.slow

RECORDS = synthetic_catalog(8, providers=1, scores=1)
IDS = [entry["id"] for entry in RECORDS]
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def hours_ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("three_runs") / "llm_stats.duckdb"
    with new_warehouse(path) as raw:
        connection = raw.connection
        raw.load(RECORDS[:6], hours_ago(48), "1")
        raw.apply()
        raw.load(RECORDS[:3], hours_ago(10), "2")
        raw.fetch(["gone"], hours_ago(10), "not_found", "2")
        raw.apply()
        raw.load(RECORDS[:2], hours_ago(2), "3")
        raw.fetch([IDS[3]], hours_ago(2), "failed", "3")
        raw.fetch(["gone"], hours_ago(1.9), "not_found", "3")
        raw.fetch(IDS[4:], hours_ago(2), "deferred", "3")
        connection.execute(
            "update raw.fetches set message = 'HTTP 404 \x1b[31m' where outcome = 'not_found'"
        )
        connection.execute(
            "update raw.fetches set attempts = 3, message = 'HTTP 500' where outcome = 'failed'"
        )
        connection.execute("update raw.fetches set attempts = 0 where outcome = 'deferred'")
        raw.apply()
    return path


@pytest.fixture
def database(tmp_path: Path, three_runs: Path) -> Path:
    """Return the path of a warehouse of three runs: two days ago, this morning, two hours ago."""
    return copy_with_requests(three_runs, tmp_path)


def copy_with_requests(three_runs: Path, folder: Path) -> Path:
    """Copy the warehouse to a folder; log one request of yesterday and three of today."""
    path = shutil.copyfile(three_runs, folder / "llm_stats.duckdb")
    with ResponseCache(DuckDBWarehouse(path).cache, dt.timedelta(0)) as cache:
        left_at = [
            NOW.replace(hour=0) - dt.timedelta(seconds=1),
            *[hours_ago(hours) for hours in (12, 10, 2)],
        ]
        cache._connection.executemany(
            "insert into request_log values (?)",
            [(moment.isoformat(timespec="microseconds"),) for moment in left_at],
        )
    return path


def read_status(database: Path, now: dt.datetime = NOW) -> Status:
    """Return the status without the checks; `health` is unknown."""
    with UncheckedReader(database) as reader:
        return status(reader, now)


class RawReader(ConnectionReader):
    """Reader of the fixture `raw` without the checks; the file `database` does not exist."""

    engine_name = None
    unsupported = ()

    def __init__(self, raw: RawTables, folder: Path) -> None:
        super().__init__(raw)
        self.database = folder / "w.duckdb"

    materialized = UncheckedReader.materialized  # type: ignore[assignment]


def read_raw_status(raw: RawTables, folder: Path) -> Status:
    return status(cast(Reader, RawReader(raw, folder)), NOW)


def checked_status(database: Path) -> Status:
    with DuckDBReader(database) as reader:
        return status(reader, NOW)


@pytest.fixture(scope="module")
def current(three_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Status:
    """Return the status of an unchanged `database`."""
    return checked_status(copy_with_requests(three_runs, tmp_path_factory.mktemp("current")))


def test_text_form(current: Status) -> None:
    text = "\n".join(status_lines(current))
    assert text.splitlines()[:7] == [
        (
            "last run    114 minutes ago: 4 deferred, 2 loaded, 1 failed, 1 not_found; "
            "6 requests for models"
        ),
        "requests    3 sent today (since 00:00 UTC)",
        "data        6 models, newest fetched 2 hours ago, oldest 2 days ago",
        (
            f"stalest     {IDS[3]} (2 days ago), {IDS[4]} (2 days ago), {IDS[5]} (2 days ago), "
            f"{IDS[2]} (10 hours ago), {IDS[0]} (2 hours ago)"
        ),
        f"health      good: {checks.count_checks()} checks, no errors, no warnings",
        "failing     2",
        "",
    ]
    assert text.splitlines()[7].split() == ["model_id", "outcome", "times", "since", "reason"]
    assert [" ".join(line.split()) for line in text.splitlines()[9:]] == [
        "gone not_found 2 10 hours ago HTTP 404 \\x1b[31m",
        f"{IDS[3]} failed 1 2 hours ago HTTP 500",
    ]


def line_of(status: Status, label: str) -> str:
    """Return the text that the printed status has after a label."""
    return next(line[12:] for line in status_lines(status) if line.startswith(f"{label:<12}"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "read 12 minutes ago: 300 models"),
        (
            {"is_trusted": False},
            "read 12 minutes ago: 300 models, not trusted: many listed models are missing; "
            "if they left: `llm-stats run --all --allow-failure models_left`",
        ),
        (
            {"is_trusted": False, "is_complete": False, "total": 335},
            "read 12 minutes ago: 300 models of 335: incomplete, no model was unlisted",
        ),
        (
            {"is_trusted": False, "is_complete": False, "total": None},
            "read 12 minutes ago: 300 models of unknown: incomplete, no model was unlisted",
        ),
    ],
    ids=["trusted", "not trusted", "incomplete", "no total"],
)
def test_last_read_of_the_catalog(
    current: Status, values: dict[str, object], expected: str
) -> None:
    read_at = (NOW - dt.timedelta(minutes=12)).replace(tzinfo=None)
    read = {"read_at": read_at, "models": 300, "total": 300, "is_of_last_run": True}
    flags = {"is_complete": True, "is_trusted": True}
    status = dataclasses.replace(current, catalog=read | flags | values, never_fetched=97)
    assert line_of(status, "catalog") == expected
    assert line_of(status, "data").endswith("; 97 never fetched, without scores")


def test_run_that_only_read_the_catalog_is_healthy(current: Status) -> None:
    catalog = {"read_at": current.last_run_at, "models": 8, "total": 8}
    catalog |= {"is_complete": True, "is_trusted": True, "is_of_last_run": True}
    watch = dataclasses.replace(current, catalog=catalog, last_run={})
    assert line_of(watch, "last run").endswith(": read the catalog, requested no model")
    assert line_of(watch, "health").startswith("good: ")
    known_failure = dataclasses.replace(watch, last_run={"not_found": 1})
    assert line_of(known_failure, "health").startswith("good: ")
    by_id = dataclasses.replace(known_failure, catalog=None)
    assert line_of(by_id, "health").startswith("poor: the last run loaded no model; ")


def test_json_form(current: Status, database: Path) -> None:
    text = status_json(dataclasses.replace(current, engine="ärchiv"), config_report(database))
    assert '"engine": "ärchiv"' in text
    report = json.loads(text)
    assert report["last_run"] == {"deferred": 4, "loaded": 2, "failed": 1, "not_found": 1}
    assert report["last_run_requests"] == 6
    assert report["requests_today"] == 3
    assert report["models"] == 6
    assert report["health"] == "good"
    assert report["oldest_at"] == "2026-11-21T12:00:00Z"
    assert report["stalest"][0] == {"model_id": IDS[3], "fetched_at": "2026-11-21T12:00:00Z"}
    assert [(row["model_id"], row["times"], row["loaded_at"]) for row in report["failing"]] == [
        ("gone", 2, None),
        (IDS[3], 1, "2026-11-21T12:00:00Z"),
    ]


def test_unknown_id_is_failing_until_a_run_without_it(current: Status, database: Path) -> None:
    assert [row["model_id"] for row in current.failing] == ["gone", IDS[3]]
    with duckdb.connect(database) as connection:
        RawTables(connection, is_defined=True).load(RECORDS[:2], hours_ago(1), "4")
    assert [row["model_id"] for row in read_status(database).failing] == [IDS[3]]


@pytest.mark.usefixtures("unchecked")
def test_last_run_that_loaded_nothing_is_poor_health(database: Path) -> None:
    with duckdb.connect(database) as connection:
        RawTables(connection, is_defined=True).fetch(IDS[:2], hours_ago(1), "rejected", "4")
    health = f"poor: the last run loaded no model; {checks.count_checks()} checks, no errors"
    assert f"health      {health}, no warnings" in status_lines(checked_status(database))


def test_requests_are_unknown_if_the_cache_file_cannot_be_read(database: Path) -> None:
    DuckDBWarehouse(database).cache.write_bytes(b"no database" * 500)
    assert "requests    unknown sent today (since 00:00 UTC)" in status_lines(read_status(database))


def test_requests_of_unpublished_runs_count(
    run: Command, api: SampleApi, one_model: Path, workdir: Path
) -> None:
    """`before` has no requests if the published run was before midnight (UTC)."""
    with UncheckedReader(one_model) as reader:
        before = status(reader).requests_today
    api.publish([{"id": model_id} for model_id in IDS])
    assert run(*IDS).code == 3
    with UncheckedReader(one_model) as reader:
        current = status(reader)
    assert current.last_run == {"loaded": 1}
    assert current.last_run_requests == 1
    assert current.requests_today == (before or 0) + len(api.requests)


def test_failing_models_are_limited_in_the_table_only(database: Path) -> None:
    with duckdb.connect(database) as connection:
        fetch = Fetch(model_id="", requested_at=hours_ago(1), outcome="failed").model_dump()
        connection.execute(
            "insert into raw.fetches by name select 'm' || x as model_id, ?::timestamp as "
            "requested_at, 'failed' as outcome, 1 as attempts,"
            " 0 as elapsed_ms, '3' as _dlt_load_id from range(30) as r (x)",
            [fetch["requested_at"]],
        )
    found = read_status(database)
    lines = list(status_lines(found))
    assert lines[5] == "failing     32, the first 20 below; --format json lists all\n"
    assert len(lines[6].splitlines()) == 2 + 20
    assert len(found.failing) == 32


def test_nothing_loaded_and_nothing_failing(raw: RawTables, tmp_path: Path) -> None:
    raw.fetch(["a"], hours_ago(0), "deferred")
    raw.apply()
    assert list(status_lines(read_raw_status(raw, tmp_path)))[2::2] == [
        "data        none yet",
        "failing     none",
    ]


def test_warehouse_without_a_run_is_an_error(tmp_path: Path) -> None:
    with new_warehouse(tmp_path / "x.duckdb"):
        pass
    with pytest.raises(
        UsageError, match="no run has been published yet; start one with `llm-stats run "
    ):
        read_status(tmp_path / "x.duckdb")


def test_foreign_database_is_an_error(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "x.duckdb").close()
    with pytest.raises(
        UsageError, match=r"x\.duckdb is a DuckDB database but not an llm-stats warehouse"
    ):
        read_status(tmp_path / "x.duckdb")


@pytest.mark.usefixtures("unchecked")
def test_command(llm_stats: Command, database: Path) -> None:
    done = llm_stats("status", "--database", database)
    assert done.err == ""
    assert done.out.startswith("last run    ")
    assert done.code == 0


def test_configuration_is_printed_without_a_database(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / ".dlt").mkdir()
    (workdir / ".dlt" / "config.toml").write_text(
        '[sources.llm_stats]\nmax_requests = 240\nmodel_ids = ["a", "b"]\nconcurrency = 2\n'
    )
    (workdir / ".dlt" / "secrets.toml").write_text(
        '[sources.llm_stats]\nwebhook_url = "https://hooks.example/top-secret"\nconcurrency = 3\n'
    )
    monkeypatch.setenv("SOURCES__LLM_STATS__BASE_URL", "http://127.0.0.1:1")
    done = llm_stats("status", "--database", "missing.duckdb")
    assert "missing.duckdb does not exist; create it with `llm-stats run --database " in done.err
    assert done.code == 2
    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    assert llm_stats("run", "m", "--database", "missing.duckdb").code == 3
    failed = llm_stats("status", "--database", "missing.duckdb")
    assert "; the last run failed with exit code 3: nothing could be fetched: no res" in failed.err
    versions, *settings = done.out.strip().splitlines()
    assert versions == (
        f"versions    llm-stats {__version__}, dlt {version('dlt')}, duckdb "
        f"{duckdb.__version__}, python {platform.python_version()}"
    )
    assert settings == [
        f"database    {workdir / 'missing.duckdb'} (--database)",
        "api_key     set (the environment)",
        "base_url    http://127.0.0.1:1 (the environment)",
        "webhook_url set (.dlt/secrets.toml)",
        (
            "settings    model_ids 2 ids (.dlt/config.toml), concurrency 3 (.dlt/secrets.toml), "
            "max_requests 240 (.dlt/config.toml)"
        ),
    ]
    assert SAMPLE_KEY not in done.out
    assert "top-secret" not in done.out
    (workdir / ".dlt" / "secrets.toml").unlink()
    monkeypatch.delenv("LLM_STATS_API_KEY")
    assert {"api_key     not set", "webhook_url not set"} < set(
        llm_stats("status").out.splitlines()
    )


@pytest.mark.usefixtures("unchecked")
def test_json_of_the_command_contains_no_secrets(
    llm_stats: Command, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", "https://hooks.example/top-secret")
    done = llm_stats("status", "--database", database, "--format", "json")
    assert SAMPLE_KEY not in done.out
    assert "top-secret" not in done.out
    assert json.loads(done.out)["models"] == 6
    assert json.loads(done.out)["settings"]["api_key"] == {
        "value": True,
        "origin": "the environment",
    }
    assert json.loads(done.out)["settings"]["max_age"] == {"value": None, "origin": "default"}


def test_catalog_and_its_changes(raw: RawTables, tmp_path: Path) -> None:
    """`a` left and came back, `b` left, `c` joined without a record, and `d` stayed."""
    names = dict(zip("abcd", RECORDS, strict=False))
    a, b, c, d = ({**record, "id": name} for name, record in names.items())
    for hours, listed in ((72, [a, b, d]), (48, [d]), (24, [a, c, d])):
        raw.read_catalog(listed, hours_ago(hours), f"{hours}")
        raw.load([a, b, d] if hours == 72 else [d], hours_ago(hours), f"{hours}")
        raw.apply()
    current = read_raw_status(raw, tmp_path)
    naive = {hours: hours_ago(hours).replace(tzinfo=None) for hours in (72, 48, 24)}
    assert current.catalog == {
        "read_at": naive[24],
        "models": 3,
        "total": 3,
        "is_complete": True,
        "is_trusted": True,
        "is_of_last_run": True,
    }
    assert [
        (change["model_id"], change["kind"], change["changed_at"])
        for change in current.listing_changes
    ] == [("a", "relisted", naive[24]), ("b", "unlisted", naive[48])]
    assert current.models == 4
    assert current.never_fetched == 1
    assert current.oldest_at == naive[72]
    assert current.newest_at == naive[24]
    assert [row["model_id"] for row in current.stalest] == ["a", "d"]
    assert current.last_run == {"loaded": 1}
    assert current.last_run_at == naive[24]
    assert line_of(current, "catalog") == "read 24 hours ago: 3 models"
    assert line_of(current, "left") == "b (2 days ago)"
    assert line_of(current, "came back") == "a (24 hours ago)"
    data = "4 models, newest fetched 24 hours ago, oldest 3 days ago"
    assert line_of(current, "data") == f"{data}; 1 never fetched, without scores"


def test_lines_about_problems(current: Status) -> None:
    """Each line is printed for its own fields only."""
    labels = {line[:12].strip() for line in status_lines(current)}
    assert labels >= {"last run", "requests", "data", "stalest", "health", "failing"}
    assert not labels & {"warehouse", "clock", "quota", "catalog", "failed", "rejected", "missing"}
    only_quota = dataclasses.replace(current, quota=Quota(12))
    assert "quota" not in {line[:12].strip() for line in status_lines(only_quota)}
    changed = dataclasses.replace(
        current,
        engine="postgres at h",
        last_run_at=current.at + dt.timedelta(seconds=90),
        last_run={},
        requests_today=None,
        quota=Quota(12, 250),
        quota_at=current.at - dt.timedelta(hours=3),
        failed_at=current.at - dt.timedelta(seconds=1),
        failed_exit_code=5,
        failed_message="checks failed:\n  keys",
        rejected_at=current.at - dt.timedelta(minutes=3),
        rejected_by=("keys", "prices"),
        unsupported=("marts.a", "marts.b"),
    )
    assert line_of(changed, "warehouse") == "postgres at h"
    assert line_of(changed, "clock") == (
        'check it: the last run is in the future; see "Wrong clock" in docs/operations.md'
    )
    assert line_of(changed, "last run") == (
        "90 seconds in the future: read the catalog, requested no model"
    )
    assert line_of(changed, "requests") == "unknown sent today (since 00:00 UTC)"
    assert line_of(changed, "quota") == "12 of 250 units left, 3 hours ago"
    assert line_of(changed, "failed") == "1 second ago with exit code 5: checks failed"
    assert line_of(changed, "rejected") == (
        "a newer state 3 minutes ago: keys, prices; the loaded rows stay in the schema incoming"
    )
    assert line_of(changed, "missing") == (
        "marts.a, marts.b, which only DuckDB and DuckLake have; "
        "snapshots, rollback and export, which need a DuckDB file"
    )
    file = dataclasses.replace(changed, engine=None, rejected_file="/r/w.duckdb")
    assert line_of(file, "rejected") == (
        "a newer file 3 minutes ago: keys, prices; it is kept at /r/w.duckdb"
    )
    assert "missing" not in {line[:12].strip() for line in status_lines(file)}


def test_failed_first_run_is_named_before_a_database_exists(
    llm_stats: Command, workdir: Path
) -> None:
    with pytest.raises(CheckFailed), DuckDBWarehouse(workdir / "llm_stats.duckdb").lock():
        raise CheckFailed("keys")
    done = llm_stats("status")
    assert "llm_stats.duckdb does not exist; create it" in done.err
    assert done.err.endswith("; the last run failed with exit code 5: keys\n")
    assert "base_url" in done.out, "the configuration is printed"
    assert done.code == 2


def test_last_failure_of_two_loads_at_the_same_time(raw: RawTables, tmp_path: Path) -> None:
    for load_id in ("2", "1"):
        raw.fetch(["m"], hours_ago(1), "failed", load_id, message=f"load {load_id}")
    raw.apply()
    (failing,) = read_raw_status(raw, tmp_path).failing
    assert (failing["reason"], failing["times"]) == ("load 2", 2)


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (0, "0 seconds ago"),
        (119, "119 seconds ago"),
        (120, "2 minutes ago"),
        (7199, "120 minutes ago"),
        (7200, "2 hours ago"),
        (2 * 86400 - 1, "48 hours ago"),
        (2 * 86400, "2 days ago"),
        (-7200, "2 hours in the future"),
    ],
)
def test_unit_of_an_age(current: Status, seconds: int, age: str) -> None:
    failed_at = current.at - dt.timedelta(seconds=seconds)
    failed = dataclasses.replace(current, failed_at=failed_at, failed_exit_code=1)
    assert line_of(failed, "failed").startswith(f"{age} with exit code 1: ")


READ = {"read_at": dt.datetime(2026, 11, 1), "models": 1, "total": 1, "is_complete": True}  # noqa: DTZ001
READ |= {"is_trusted": True}


def finding(check: str, severity: str) -> dict[str, Any]:
    return {"check": check, "severity": severity, "description": "It", "row_count": 2}


@pytest.mark.parametrize(
    ("fields", "health"),
    [
        ({"findings": None, "unchecked": "no view"}, "unknown: no view"),
        (
            {"findings": [finding("keys", "error"), finding("doubt", "warning")]},
            "errors: keys: It: 2 rows; `llm-stats check` prints the rows",
        ),
        (
            {"findings": [finding("a", "warning"), finding("b", "warning")]},
            "good: COUNT, no errors, 2 warnings (a, b): `llm-stats check` prints the rows",
        ),
        ({"findings": []}, "good: COUNT, no errors, no warnings"),
        (
            {"last_run": {"failed": 1, "deferred": 2}},
            "poor: the last run loaded no model; COUNT, no errors, no warnings",
        ),
        ({"last_run": {"deferred": 2}}, "good: COUNT, no errors, no warnings"),
        ({"last_run": {}}, "good: COUNT, no errors, no warnings"),
        ({"last_run": {"failed": 1, "loaded": 1}}, "good: COUNT, no errors, no warnings"),
        ({"last_run": {"failed": 1, "not_modified": 1}}, "good: COUNT, no errors, no warnings"),
        (
            {"last_run": {"failed": 1}, "catalog": READ | {"is_of_last_run": False}},
            "poor: the last run loaded no model; COUNT, no errors, no warnings",
        ),
        (
            {"last_run": {"failed": 1}, "catalog": READ | {"is_of_last_run": True}},
            "good: COUNT, no errors, no warnings",
        ),
        (
            {"failed_at": dt.datetime(2026, 11, 1)},  # noqa: DTZ001
            "poor: the last run failed; COUNT, no errors, no warnings",
        ),
    ],
)
def test_health(current: Status, fields: dict[str, Any], health: str) -> None:
    expected = health.replace("COUNT", f"{checks.count_checks()} checks")
    assert line_of(dataclasses.replace(current, **fields), "health") == expected


def test_unlisted_model_is_not_among_the_stalest(raw: RawTables, tmp_path: Path) -> None:
    for hours, records in ((48, RECORDS[:6]), (10, RECORDS[:3])):
        raw.load(records, hours_ago(hours))
    stalest = []
    for hours, records in ((2, RECORDS), (1, [*RECORDS[:3], *RECORDS[4:]])):
        raw.read_catalog(records, hours_ago(hours))
        raw.apply()
        stalest.append([row["model_id"] for row in read_raw_status(raw, tmp_path).stalest[:2]])
    assert stalest == [[IDS[3], IDS[4]], [IDS[4], IDS[5]]]


def test_rejected_file_is_shown_until_the_next_publication(database: Path) -> None:
    warehouse = DuckDBWarehouse(database)
    warehouse.rejected.mkdir(parents=True)
    reason = warehouse.rejected / "reason.txt"
    reason.write_text(
        "nothing was published\n  error: keys: A key: 1 row: x=1\n  error: prices_in_range: A "
        "price: 1 row: x=1\nway out\n"
    )
    os.utime(reason, (hours_ago(1).timestamp(),) * 2)
    line = (
        "rejected    a newer file 60 minutes ago: keys, prices_in_range; it is kept at "
        f"{warehouse.rejected / database.name}"
    )
    found = read_status(database)
    assert line in status_lines(found)
    report = json.loads(status_json(found, config_report(database)))
    assert report["rejected_by"] == ["keys", "prices_in_range"]
    os.utime(reason, (hours_ago(3).timestamp(),) * 2)
    assert not any(line.startswith("rejected") for line in status_lines(read_status(database)))


def test_failed_check_of_the_published_file_is_shown(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the check that fails is run; see `current` for the others."""
    (prices_in_range,) = (it for it in all_checks() if it.name == "prices_in_range")
    monkeypatch.setattr(checks, "all_checks", lambda: [prices_in_range])
    monkeypatch.setattr(DuckDBReader, "materialized", Reader.materialized)
    with duckdb.connect(database) as connection:
        connection.execute(
            "update history.offers set input_usd_per_mtok = -1 where model_id = ?", [IDS[0]]
        )
    current = checked_status(database)
    assert current.health == "errors"
    assert [
        (row["check"], row["severity"], row["row_count"]) for row in current.findings or []
    ] == [("prices_in_range", "error", 1)]
    (line,) = (line for line in status_lines(current) if line.startswith("health "))
    assert re.fullmatch(
        r"health      errors: prices_in_range: .*: 1 row; `llm-stats check` prints the rows",
        line,
    )


def test_file_without_a_view_has_unknown_health(llm_stats: Command, database: Path) -> None:
    with duckdb.connect(database) as connection:
        connection.execute("drop view marts.providers")
    message = (
        f"{database} has no marts.providers: another version built its views; run `llm-stats run` "
        "once"
    )
    assert f"health      unknown: {message}" in status_lines(checked_status(database))
    assert llm_stats("check", "--database", database).err == f"llm-stats: {message}\n"


def test_data_from_the_future_names_the_clock(current: Status, database: Path) -> None:
    lines = list(status_lines(read_status(database, hours_ago(50))))
    assert lines[0].startswith("last run    2 days in the future: ")
    assert lines[1] == (
        'clock       check it: the last run is in the future; see "Wrong clock" in '
        "docs/operations.md"
    )
    assert "newest fetched 2 days in the future, oldest 2 hours in the future" in lines[3]
    assert not any(line.startswith("clock") for line in status_lines(current))


def test_one_second_is_singular(database: Path) -> None:
    current = read_status(database, hours_ago(1.9) + dt.timedelta(seconds=1))
    assert next(status_lines(current)).startswith("last run    1 second ago: ")
