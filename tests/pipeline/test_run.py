"""The whole way: ids → HTTP → record → dlt → views → published file, and every way it goes wrong."""

from __future__ import annotations

import copy
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import llm_stats
import pytest
from llm_stats import sample
from llm_stats.sample import SampleApi
from llm_stats.transform.migrate import SCHEMA_VERSION
from support.command import Command
from support.real_records import REQUIRES_REAL_RECORDS, real_records

IDS = [entry["id"] for entry in sample.today()]


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def content(database: Path) -> bytes:
    return database.read_bytes()


@pytest.fixture
def run(llm_stats: Command, api: SampleApi) -> Command:
    """`llm-stats run` against the sample API, without a pace limit."""
    return lambda *arguments: llm_stats("run", "--base-url", api.base_url, "--requests-per-minute", 0, *arguments)


class TestDemo:
    def test_shows_changes_and_comparisons_and_twice_in_a_row_duplicates_nothing(
        self, llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the settings of another run are."""
        monkeypatch.setenv("SOURCES__LLM_STATS__MAX_REQUESTS", "1")
        monkeypatch.setenv("LLM_STATS_API_KEY", "another")
        done = llm_stats("demo")
        assert done.code == 0
        assert "The numbers are a sample" in done.out
        assert f"{len(IDS)} models asked: {len(IDS)} loaded" in done.out
        for heading in ("Cheapest offers", "Best scores", "Best value", "Next:"):
            assert heading in done.out
        assert "kestrel-embed-1" not in done.out.split("Cheapest offers")[1].split("Best scores")[0]
        assert "\n6 changes, biggest first:" in done.out
        for words in (
            "tessera-70b-open at cumulus: input 0.50 → 0.60 (+20 %), output 0.60 → 0.70 (+17 %)",
            "aurora-large-1 at northlight: input 6.00 → 5.00 (−17 %), output 30.00 → 25.00 (−17 %)",
            "quill-coder-1 at bluebird: listed",
            "kestrel-2-mini at alpine-cloud: delisted",
            "halcyon-3 on sample-math: 0.97 → 0.79",
            "kestrel-2-pro on sample-code: 0.81 verified",
        ):
            assert words in done.out
        assert (workdir / "llm_stats_demo.duckdb").is_symlink()
        counts = "select (select count(*) from marts.models), (select count(*) from marts.offers), (select count(*) from marts.scores)"
        before = rows(workdir / "llm_stats_demo.duckdb", counts)
        again = llm_stats("demo")
        assert again.code == 0
        assert "\n0 changes\n" in again.out, "nothing new the second time"
        assert (
            "the sample does not change; `llm-stats changes --since 7d --database llm_stats_demo.duckdb` still shows what did" in again.out
        )
        assert rows(workdir / "llm_stats_demo.duckdb", counts) == before


class TestIds:
    def test_come_from_arguments_stripped_and_without_duplicates(self, run: Command, api: SampleApi) -> None:
        assert run(" murmur-1 ", "aurora-large-1", "murmur-1", "--concurrency", 1).code == 0
        assert [request.model_id for request in api.requests if request.model_id] == ["murmur-1", "aurora-large-1"]

    def test_come_from_a_file(self, run: Command, workdir: Path, api: SampleApi) -> None:
        (workdir / "ids.txt").write_text("\ufeff# watched\nmurmur-1\n\n  aurora-large-1  # the flagship\n")
        assert run("--ids-file", "ids.txt").code == 0
        assert {request.model_id for request in api.requests if request.model_id} == {"murmur-1", "aurora-large-1"}

    def test_come_from_standard_input(self, api: SampleApi, workdir: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "llm_stats", "run", "--ids-file", "-", "--base-url", api.base_url],
            input="murmur-1\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 model asked: 1 loaded" in done.stdout

    def test_come_from_the_configuration(self, run: Command, workdir: Path, api: SampleApi) -> None:
        (workdir / ".dlt").mkdir()
        (workdir / ".dlt" / "config.toml").write_text('[sources.llm_stats]\nmodel_ids = ["murmur-1"]\n')
        assert run().code == 0
        assert [request.model_id for request in api.requests if request.model_id] == ["murmur-1"]

    def test_come_from_the_api(self, run: Command, workdir: Path) -> None:
        assert run("--all").code == 0
        assert rows(workdir / "llm_stats.duckdb", "select count(*) from marts.models") == [(len(IDS),)]

    def test_are_percent_encoded(self, run: Command, api: SampleApi, workdir: Path) -> None:
        strange = sample.today()[0] | {"id": "a/b?c#d%20é'\"; drop table x --", "name": "\u202eName\x1b[31m\n"}
        api.publish([strange])
        assert run(strange["id"]).code == 0
        assert rows(workdir / "llm_stats.duckdb", "select model_id, model_name from marts.models") == [(strange["id"], strange["name"])]


class TestKey:
    def test_comes_from_the_secrets_file(self, run: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LLM_STATS_API_KEY")
        (workdir / ".dlt").mkdir()
        (workdir / ".dlt" / "secrets.toml").write_text('[sources.llm_stats]\napi_key = "sample-key"\n')
        assert run("murmur-1").code == 0

    def test_is_no_argument(self, run: Command) -> None:
        assert run("murmur-1", "--api-key", "x").code == 2


class TestBadInput:
    """Each fault: its message, its exit code, and a published file that is what it was."""

    def test_no_ids(self, run: Command) -> None:
        done = run()
        assert done.code == 2
        assert "no models to fetch: name ids, or use --ids-file FILE" in done.err

    def test_an_unreadable_ids_file(self, run: Command, workdir: Path) -> None:
        done = run("--ids-file", "missing.txt")
        assert (done.code, done.err) == (2, "llm-stats: --ids-file missing.txt: No such file or directory\n")
        (workdir / "binary").write_bytes(b"\xff\xfe\x00")
        assert "not a text file" in run("--ids-file", "binary").err
        (workdir / "empty.txt").write_text("# nothing yet\n")
        for more in ((), ("--all",), ("murmur-1",)):
            done = run("--ids-file", "empty.txt", *more)
            assert (done.code, done.err) == (2, "llm-stats: --ids-file empty.txt names no ids\n")

    def test_no_key(self, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LLM_STATS_API_KEY")
        done = run("murmur-1")
        assert done.code == 2
        assert "no API key: set LLM_STATS_API_KEY" in done.err

    def test_a_key_no_header_can_carry_is_not_quoted(self, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LLM_STATS_API_KEY", "geheim\nschlüssel")
        done = run("murmur-1")
        assert done.code == 2
        assert "no HTTP header can carry" in done.err
        assert "geheim" not in done.err

    def test_a_refused_key(self, run: Command, api: SampleApi, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LLM_STATS_API_KEY", "stolen-key")
        done = run(*IDS, "--concurrency", 1)
        assert done.code == 3
        assert "nothing could be fetched: the API refused the key: HTTP 401 invalid_api_key: The key is not valid." in done.err
        assert "stolen-key" not in done.err
        assert len(api.requests) == 1
        assert not (workdir / "llm_stats.duckdb").exists()

    def test_an_api_that_is_not_there(self, llm_stats: Command) -> None:
        with socket.socket() as drain:
            drain.bind(("127.0.0.1", 0))
            port = drain.getsockname()[1]
        done = llm_stats("run", "murmur-1", "--base-url", f"http://127.0.0.1:{port}/stats/v1")
        assert done.code == 3
        assert f"nothing could be fetched: no answer from http://127.0.0.1:{port}/stats/v1: Connection refused" in done.err

    @pytest.mark.parametrize("arguments", [("murmur-1",), ("--all",)])
    def test_the_public_catalog(self, llm_stats: Command, api: SampleApi, arguments: tuple[str, ...]) -> None:
        done = llm_stats("run", *arguments, "--base-url", api.base_url.replace("/stats", ""))
        assert done.code == 3
        assert "wrong base URL?" in done.err

    def test_an_unknown_id_among_good_ones(self, run: Command, workdir: Path) -> None:
        done = run("murmur-1", "no-such-model", "aurora-large-1")
        assert done.code == 4
        assert "3 models asked: 2 loaded, 1 not_found" in done.out
        assert "not_found: no-such-model: HTTP 404 not_found: There is no model 'no-such-model'." in done.out
        assert rows(workdir / "llm_stats.duckdb", "select count(*) from marts.models") == [(2,)]

    def test_a_record_with_wrong_types_among_good_ones(self, run: Command, api: SampleApi, workdir: Path) -> None:
        records = sample.today()[:2]
        records[0]["providers"][0]["input_price_per_m"] = "free"
        api.publish(records)
        done = run(*(entry["id"] for entry in records))
        assert done.code == 4
        assert "rejected: aurora-large-1: providers[0].input_price_per_m: Input should be a valid number, got 'free'" in done.out
        fetches = "select model_id, outcome, http_status, message is null from raw.fetches order by outcome"
        assert rows(workdir / "llm_stats.duckdb", fetches) == [
            (records[1]["id"], "loaded", 200, True),
            ("aurora-large-1", "rejected", 200, False),
        ]

    def test_wrong_settings(self, run: Command) -> None:
        assert "setting concurrency: Input should be greater than or equal to 1" in run("murmur-1", "--concurrency", 0).err
        assert "setting max_age" in run("murmur-1", "--max-age", "soon").err
        assert run("murmur-1", "--no-such-option").code == 2
        assert run("murmur-1", "--all").code == 2

    def test_a_published_path_that_is_a_folder(self, run: Command, workdir: Path) -> None:
        (workdir / "folder").mkdir()
        done = run("murmur-1", "--database", "folder")
        assert (done.code, "is a folder; name a file" in done.err) == (2, True)

    def test_a_published_path_that_is_no_database(self, run: Command, workdir: Path) -> None:
        (workdir / "notes.txt").write_text("not a database")
        done = run("murmur-1", "--database", "notes.txt")
        assert (done.code, "cannot be opened as a DuckDB database" in done.err) == (2, True)
        assert (workdir / "notes.txt").read_text() == "not a database"

    def test_a_published_path_that_is_another_database(self, run: Command, workdir: Path) -> None:
        with duckdb.connect(workdir / "mine.duckdb") as connection:
            connection.execute("create table precious as select 1 as x")
        before = content(workdir / "mine.duckdb")
        done = run("murmur-1", "--database", "mine.duckdb")
        assert (done.code, "but not an llm-stats warehouse" in done.err) == (2, True)
        assert content(workdir / "mine.duckdb") == before

    @pytest.mark.parametrize(("version", "says"), [(SCHEMA_VERSION + 1, "at most; upgrade llm-stats"), (1, "too old to migrate")])
    def test_a_warehouse_of_another_version(self, run: Command, one_model: Path, version: int, says: str) -> None:
        one_model.chmod(0o644)
        with duckdb.connect(one_model) as connection:
            connection.execute("update history.schema_version set version = ?", [version])
        done = run("murmur-1")
        assert done.code == 2
        assert f"has schema version {version}" in done.err
        assert says in done.err

    @pytest.mark.parametrize(
        ("path", "says"),
        [
            ("50%off/llm_stats.duckdb", "dlt cannot load below a path that contains a percent sign"),
            ("bob's/llm_stats.duckdb", "a path that contains a quote"),
            ("what?.duckdb", "a path that contains a question mark"),
            ("day=1/w.duckdb", "a path that contains an equals sign"),
            ("a\\b.duckdb", "a path that contains a backslash"),
            ("a\x1bb.duckdb", "a path that contains a control character"),
            ("Raw.duckdb", "the file cannot be called 'Raw'"),
            ("marts.db", "the file cannot be called 'marts'"),
            ("..duckdb", "the file cannot be called '.'"),
        ],
    )
    def test_a_path_that_would_be_misread(self, run: Command, workdir: Path, api: SampleApi, path: str, says: str) -> None:
        done = run("murmur-1", "--database", path)
        assert (done.code, says in done.err, list(workdir.iterdir())) == (2, True, [])
        assert api.requests == []

    def test_names_that_dlt_and_the_load_use_are_free(self, run: Command, workdir: Path) -> None:
        for name in ("dlt", "incoming.duckdb"):
            assert run("murmur-1", "--database", name).code == 0
            assert rows(workdir / name, "select count(*) from marts.models") == [(1,)]

    def test_a_check_that_does_not_exist(self, run: Command, api: SampleApi) -> None:
        done = run("murmur-1", "--allow-failure", "nevr")
        assert (done.code, "there is no check 'nevr'; there are " in done.err, api.requests) == (2, True, [])

    def test_a_published_path_that_is_a_pipe(self, run: Command, llm_stats: Command, workdir: Path) -> None:
        os.mkfifo(workdir / "pipe.duckdb")
        for done in (run("murmur-1", "--database", "pipe.duckdb"), llm_stats("show", "--database", "pipe.duckdb")):
            assert (done.code, "pipe.duckdb is not a file; name another" in done.err) == (2, True)

    def test_a_damaged_warehouse(self, run: Command, one_model: Path, api: SampleApi) -> None:
        one_model.chmod(0o644)
        with duckdb.connect(one_model) as connection:
            connection.execute("drop table raw.fetches")
        done = run("murmur-1")
        assert (done.code, "is damaged: Catalog Error: " in done.err, "`llm-stats rollback`" in done.err) == (2, True, True)
        assert api.requests == []

    def test_a_foreign_file_leaves_no_folder_behind(self, run: Command, workdir: Path) -> None:
        (workdir / "notes.txt").write_text("not a database")
        run("murmur-1", "--database", "notes.txt")
        assert [file.name for file in workdir.iterdir()] == ["notes.txt"]

    def test_a_folder_that_does_not_exist_or_cannot_be_written(self, run: Command, workdir: Path) -> None:
        (workdir / "file").write_text("")
        done = run("murmur-1", "--database", "file/llm_stats.duckdb")
        assert (done.code, "cannot be written: Not a directory" in done.err) == (2, True)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_read_only_folder(self, run: Command, workdir: Path) -> None:
        (workdir / "locked").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
        done = run("murmur-1", "--database", "locked/llm_stats.duckdb")
        assert (done.code, "cannot be written" in done.err) == (2, True)

    def test_two_runs_at_once(self, run: Command, api: SampleApi, one_model: Path, locked: Callable[[Path], None]) -> None:
        before = content(one_model)
        locked(one_model)
        done = run("aurora-large-1")
        assert done.code == 6
        assert "another run holds the lock (process " in done.err
        assert content(one_model) == before


@pytest.fixture
def locked(tmp_path: Path) -> Any:
    """A process that holds the lock of a database until the test is over."""
    holders: list[subprocess.Popen[str]] = []

    def hold(database: Path) -> None:
        script = (
            "import sys, pathlib; from llm_stats.warehouse.duckdb_file import DuckDBWarehouse\n"
            "with DuckDBWarehouse(pathlib.Path(sys.argv[1])).lock(): print('held', flush=True); sys.stdin.read()"
        )
        holder = subprocess.Popen([sys.executable, "-c", script, str(database)], stdin=-1, stdout=-1, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holders.append(holder)

    yield hold
    for holder in holders:
        holder.communicate("")


def test_a_change_shows_exactly_that_change(run: Command, api: SampleApi, workdir: Path) -> None:
    run("--all")
    offers = "select model_id, provider_id, input_usd_per_mtok from marts.offers"
    before = set(rows(workdir / "llm_stats.duckdb", offers))
    records = copy.deepcopy(sample.today())
    emptied = next(entry for entry in records if entry["id"] == "murmur-1")
    emptied["providers"] = []
    records[0]["providers"][0]["input_price_per_m"] = 4.5
    api.publish(records)
    assert run("--all").code == 0
    after = set(rows(workdir / "llm_stats.duckdb", offers))
    assert after - before == {("aurora-large-1", "northlight", 4.5)}
    assert {row for row in before - after if row[0] != "murmur-1"} == {("aurora-large-1", "northlight", 5.0)}
    assert not [row for row in after if row[0] == "murmur-1"]


def test_the_only_model_may_be_empty(run: Command, api: SampleApi, workdir: Path) -> None:
    bare = sample.today()[0] | {"providers": [], "scores": [], "modalities": [], "top_scores": {}, "inference": {"available": False}}
    bare |= {"family": None, "context_window": None, "param_count": None, "release_date": None}
    bare["sources"] = dict.fromkeys(bare["sources"])
    api.publish([bare])
    assert run("--all").code == 0
    types = dict(
        rows(
            workdir / "llm_stats.duckdb",
            "select table_name || '.' || column_name, data_type from duckdb_columns() where schema_name = 'raw'",
        )
    )
    assert types["models.param_count"] == "BIGINT"
    assert types["models__providers.input_price_per_m"] == "DOUBLE"
    assert types["models__scores.scored_at"] == "TIMESTAMP"
    assert types["models__scores._dlt_list_idx"] == "BIGINT"
    assert rows(workdir / "llm_stats.duckdb", "select offer_count from marts.models") == [(0,)]
    api.publish(sample.today())
    assert run("--all").code == 0, "tables made empty take rows later"
    assert rows(workdir / "llm_stats.duckdb", "select count(*) from marts.models") == [(len(IDS),)]


def test_two_warehouses_in_one_place_never_meet(run: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them forgets snapshots: of its own, or the others would lose what is published."""
    monkeypatch.setenv("SOURCES__LLM_STATS__KEEP_SNAPSHOTS", "1")
    names = ["w.duckdb", "w.db", "w"]
    for name in names:
        for _ in range(2):
            assert run("murmur-1", "--database", name).code == 0
    assert [rows(workdir / name, "select count(*) from raw.fetches") for name in names] == [[(2,)]] * 3


def test_one_bad_record_never_blocks_the_others(run: Command, api: SampleApi) -> None:
    api.publish([{"id": "broken"}, *sample.today()[:2]])
    for _ in range(2):
        done = run("--all", "--concurrency", 1)
        assert done.code == 4
        assert "3 models asked: 2 loaded, 1 rejected" in done.out


def test_a_run_with_nothing_to_do_publishes_nothing(run: Command, one_model: Path) -> None:
    before = one_model.readlink()
    assert run("murmur-1", "--max-age", "1d").code == 0
    assert one_model.readlink() == before


def test_in_python_a_string_is_one_id(api: SampleApi, workdir: Path) -> None:
    result = llm_stats.run("murmur-1", base_url=api.base_url, database="w.duckdb")
    assert (result.requested, result.exit_code) == (1, 0)


def test_new_fields_are_reported_and_kept(run: Command, api: SampleApi, workdir: Path) -> None:
    records = sample.today()[:1]
    records[0]["carbon_g"] = 12
    api.publish(records)
    assert "new fields, kept in the column `extra`: models.carbon_g" in run("--all").out
    assert rows(workdir / "llm_stats.duckdb", "select extra ->> '$.carbon_g' from raw.models") == [("12",)]


def test_a_broken_view_publishes_nothing(run: Command, one_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = content(one_model)
    broken = tmp_path / "sql"
    (broken / "marts").mkdir(parents=True)
    (broken / "marts" / "bad.sql").write_text("create view marts.bad as\nselect nothing")
    monkeypatch.setattr("llm_stats.transform.files.sql_folder", lambda: broken)
    done = run("aurora-large-1")
    assert done.code == 1
    assert "marts/bad.sql, line 2: Binder Error" in done.err
    assert content(one_model) == before
    assert list((one_model.parent / ".llm_stats" / "work").iterdir()) == []


def test_a_moved_warehouse_still_opens(one_model: Path, workdir: Path) -> None:
    (workdir / "second").mkdir()
    for path in (one_model, one_model.with_name(".llm_stats")):
        path.rename(workdir / "second" / path.name)
    assert rows(workdir / "second" / "llm_stats.duckdb", "select model_id from marts.models") == [("murmur-1",)]


@REQUIRES_REAL_RECORDS
def test_the_open_data_set_lands_whole(run: Command, api: SampleApi, workdir: Path) -> None:
    records = real_records()
    api.publish(records)
    counts = """
        select (select count(*) from raw.models), (select count(*) from raw.models__providers), (select count(*) from raw.models__scores),
        (select count(*) from marts.scores)
    """
    distinct = len({(entry["id"], score["benchmark_id"]) for entry in records for score in entry["scores"]})
    for _ in range(2):
        assert run("--all").code == 0
        assert rows(workdir / "llm_stats.duckdb", counts) == [(169, 244, 2224, distinct)]
