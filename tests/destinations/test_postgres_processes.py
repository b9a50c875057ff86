"""Concurrent processes on one PostgreSQL warehouse: readers, killed runs, locks."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from llm_stats.destinations.ducklake import DuckLake
from llm_stats.errors import Locked
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from llm_stats.sample.http import Request, Response
from support.command import Command
from support.generations import generation, publish_prices
from support.postgres_content import content, loads
from support.postgres_server import execute_sql
from support.processes import (
    finish_run,
    output_lines,
    start_program,
    start_run,
    wait_for_lock,
)

FULL = "LLM_STATS_STRESS" in os.environ

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600 if FULL else 120),
    pytest.mark.usefixtures("unchecked"),
]

RUNS, READERS = (20, 4) if FULL else (2, 1)
SECONDS_BETWEEN_POLLS = 0.02 if FULL else 0.2
KILLS = 20 if FULL else 1

DUPLICATES = (
    "select model_id, load_id from staging.fetches group by model_id, load_id having count(*) > 1"
)


def test_readers_see_complete_states(postgres: str, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    readers = [
        start_program("poll_postgres", postgres, stop, SECONDS_BETWEEN_POLLS)
        for _ in range(READERS)
    ]
    published = dict(publish_prices(tmp_path / "w.duckdb", RUNS, "postgres"))
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
        f"\nreaders: {RUNS} runs, {READERS} readers, {polls} polls, the slowest {slowest:.2f} s, "
        "0 inconsistent states"
    )


def test_killed_runs_do_not_change_the_published_state_and_the_next_run_succeeds(
    copy_warehouse: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__LLM_STATS__DESTINATION", "postgres")
    killed, completed = copy_warehouse(), copy_warehouse()
    databases = {killed: tmp_path / "killed.duckdb", completed: tmp_path / "completed.duckdb"}
    killed_count = 0

    def run_to_the_end(url: str) -> None:
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
        settings = demo_settings(api, databases[url])
        settings = settings.model_copy(update={"destination": "postgres"})
        assert execute(settings, all_models=True).exit_code == 0

    with SampleApi() as api:
        for number in range(KILLS):
            api.publish(generation(number))
            started = time.monotonic()
            run_to_the_end(completed)
            seconds = time.monotonic() - started
            before = content(killed), loads(killed)
            monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", killed)
            victim = start_run(databases[killed], api)
            wait_for_lock(victim, databases[killed])
            time.sleep(random.uniform(0, 1.5 * seconds))  # a new process is slower
            victim.send_signal(signal.SIGKILL)
            killed_count += finish_run(victim)[0] == -signal.SIGKILL
            after = content(killed), loads(killed)
            assert after == before or len(after[1]) == len(before[1]) + 1, (
                "a complete run or nothing"
            )
            # The records have not changed, so the next run may reuse the cached responses.
            run_to_the_end(killed)
            assert content(killed) == content(completed)
            assert execute_sql(killed, DUPLICATES) == []
        assert not list(tmp_path.glob(".*/work/*"))
    print(
        f"\nkills: {KILLS} runs killed, {killed_count} of them before they ended, "
        "0 broken states, 0 differing rows"
    )


def test_of_concurrent_runs_on_two_machines_one_succeeds(
    warehouse: str, llm_stats: Command, workdir: Path
) -> None:
    """The second run has its own folder, so only the lock in the database stops it.

    The API delays its responses to the first run until the second run has ended.
    """
    ended = threading.Event()

    class Waiting(SampleApi):
        def respond(self, request: Request) -> Response:
            response = super().respond(request)
            ended.wait()
            return response

    folder = workdir / "first"
    folder.mkdir()
    with Waiting() as api:
        first = start_run(folder / "w.duckdb", api)
        while not api.requests:
            assert first.poll() is None
            time.sleep(0.01)
        second = llm_stats("run", "--all", "--base-url", api.base_url)
        ended.set()
        code, err = finish_run(first)
    assert second.code == 6
    assert "another run holds the lock (process " in second.err
    assert " as batch, since 20" in second.err
    assert err == ""
    assert code == 0
    assert execute_sql(warehouse, "select count(*) from raw.catalog_reads") == [(2,)]


def test_ducklake_locks_its_catalog_in_postgres(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duckdb.__version__", "1.5.5")  # only the lock is used, not DuckDB
    monkeypatch.setenv("DESTINATION__DUCKLAKE__CREDENTIALS__CATALOG", postgres)
    monkeypatch.setenv("DESTINATION__DUCKLAKE__CREDENTIALS__STORAGE__BUCKET_URL", str(tmp_path))
    with DuckLake().run_lock() as lock:
        assert lock is not None
        assert lock.is_held()
        with pytest.raises(Locked, match="another run holds the lock"), DuckLake().run_lock():
            pass
