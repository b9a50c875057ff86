"""Check of user queries.

A single statement that only reads is accepted. All other texts are rejected and not executed.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from pathlib import Path

import duckdb
import pytest
from llm_stats import user_query
from llm_stats.connection import OutOfMemory
from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.user_query import limited_process, require_query, restrict
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.user_queries import DATABASE, READS, REJECTED


def test_every_kind_of_query_is_accepted(demo: Path) -> None:
    with DuckDBReader(demo) as reader:
        for query in READS:
            assert reader.execute_user_query(query).rows, query


def test_other_statements_are_rejected_and_write_no_files(demo: Path, tmp_path: Path) -> None:
    database = Path(shutil.copyfile(demo, tmp_path / "w.duckdb"))
    before = database.read_bytes()
    with DuckDBReader(database) as reader:
        for query in REJECTED:
            with pytest.raises(UsageError):
                reader.execute_user_query(query.replace(DATABASE, str(database)))
            assert list(tmp_path.iterdir()) == [database], query
    assert list(tmp_path.iterdir()) == [database]
    assert database.read_bytes() == before


def test_rejection_is_one_line(demo: Path) -> None:
    with DuckDBReader(demo) as reader, pytest.raises(UsageError) as raised:
        reader.execute_user_query("copy (select 1) to 'x.csv'")
    assert str(raised.value).startswith(
        "the query was not run: only one statement that reads is allowed; begin it with select, "
    )
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("is_locked", [False, True])
def test_restrictions_are_set_unless_the_configuration_is_locked(is_locked: bool) -> None:
    executed = []

    def execute(query: str) -> Table:
        executed.append(query)
        return Table(("a",), ("BOOLEAN",), [(is_locked,)])

    restrict(execute)
    settings = [
        "set memory_limit = '1GB'",
        "set max_temp_directory_size = '2GB'",
        "set lock_configuration = true",
    ]
    assert executed == [
        "select current_setting('lock_configuration')",
        *([] if is_locked else settings),
    ]


@pytest.mark.parametrize(
    ("existing", "limit"),
    [
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 2_000_012_288),
        ((2_000_012_287, resource.RLIM_INFINITY), 2_000_012_287),
        ((resource.RLIM_INFINITY, 2_000_012_287), 2_000_012_287),
        ((3_000_000_000, 4_000_000_000), 2_000_012_288),
    ],
)
def test_memory_is_limited_to_the_lowest_limit(
    monkeypatch: pytest.MonkeyPatch, existing: tuple[int, int], limit: int
) -> None:
    set_limits = []
    monkeypatch.setattr("pathlib.Path.read_text", lambda _: "3 9 9")
    monkeypatch.setattr("resource.getpagesize", lambda: 4096)
    monkeypatch.setattr("resource.getrlimit", lambda _: existing)
    monkeypatch.setattr("resource.setrlimit", lambda *given: set_limits.append(given))
    user_query._limit_memory()
    monkeypatch.undo()
    assert set_limits == [(resource.RLIMIT_AS, (limit, existing[1]))]


def test_memory_is_not_limited_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr("pathlib.Path.read_text", fail)
    monkeypatch.setattr("resource.setrlimit", pytest.fail)
    user_query._limit_memory()


@pytest.mark.parametrize(
    ("query", "is_explain"),
    [
        ("select 1", False),
        ("explain select 1", True),
        ("explain analyze select 1", True),
        ("explain (format json) select 1", True),
        ("explain (select 1)", True),
        ("/* é */ EXPLAIN select 'é'", True),
    ],
)
def test_explain_is_recognized(query: str, is_explain: bool) -> None:
    with duckdb.connect() as parser:
        assert require_query(query, parser) is is_explain


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "the query is empty"),
        ("-- nothing", "the query is empty"),
        ("select '\ud800'", "the query is not valid UTF-8"),
        ("selec 1", "Parser Error: syntax error"),
        ("explain", "the query was not run|Parser Error"),
        ("select 1; select 2", "the query was not run: only one statement that reads is allowed"),
        ("explain (analyze", "Parser Error"),
    ],
)
def test_cause_of_a_rejection(query: str, message: str) -> None:
    with duckdb.connect() as parser, pytest.raises(UsageError, match=f"^({message})") as raised:
        require_query(query, parser)
    assert str(raised.value) == str(raised.value).rstrip()


def test_process_is_limited_during_a_query_only(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = []
    monkeypatch.setattr(user_query, "_limit_memory", lambda: limited.append(True))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    previous = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(previous)
    with pytest.raises(OutOfMemory, match="an allocation failed"), limited_process():
        raise MemoryError
    assert limited == [True]
    assert signal.set_wakeup_fd(previous) == previous
    deadline = time.monotonic() + 5
    while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < deadline:  # noqa: PTH208
        time.sleep(0.001)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    ("signals", "ends"), [([signal.SIGCHLD], False), ([signal.SIGCHLD, signal.SIGINT], True)]
)
def test_process_ends_after_ctrl_c_only(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    signals: list[int],
    ends: bool,
) -> None:
    calls: list[object] = []
    monkeypatch.setattr("time.sleep", calls.append)
    monkeypatch.setattr("os._exit", calls.append)
    receiver, sender = os.pipe()
    os.write(sender, bytes(signals))
    os.close(sender)
    user_query._end_after_ctrl_c(receiver)
    monkeypatch.undo()
    assert calls == ([0.5, 130] if ends else [])
    assert capsys.readouterr().err == ("llm-stats: interrupted\n" if ends else "")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(receiver)
