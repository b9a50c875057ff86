"""Concurrent readers and killed runs, with real processes.

By default the tests are short. The full tests take about 20 minutes and print their measurements:

    LLM_STATS_STRESS=1 pytest -s --timeout=0 tests/stress
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.errors import Locked, QuotaSpent
from llm_stats.pipeline.run import execute
from llm_stats.queries import checks
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.http import Request, Response
from llm_stats.settings import Settings
from llm_stats.warehouse.duckdb_reader import MaterializedReader
from support.generations import generation, publish_prices
from support.processes import (
    finish_run,
    output_lines,
    start_program,
    start_run,
    wait_for_lock,
)
from support.queries import attached, query_rows

FULL = "LLM_STATS_STRESS" in os.environ
RUNS, READERS = (200, 4) if FULL else (2, 1)
SECONDS_BETWEEN_POLLS = 0.02 if FULL else 0.2
KILLS = 100 if FULL else 1
ROUNDS = 50 if FULL else 1


def test_readers_see_complete_states_and_the_latest_immediately(tmp_path: Path) -> None:
    database, stop = tmp_path / "w.duckdb", tmp_path / "stop"
    readers = [
        start_program("poll_file", database, stop, SECONDS_BETWEEN_POLLS) for _ in range(READERS)
    ]
    published = dict(publish_prices(database, RUNS, "duckdb"))
    stop.touch()
    polls = 0
    for reader in readers:
        *seen, (_, count) = output_lines(reader)
        polls += count
        generations = [state[-1] for _, state in seen]
        assert all(state[:6] == [1, True, True, True, True, 1] for _, state in seen)
        assert generations == sorted(generations), "no reader goes back"
        assert generations[-1] == RUNS
        for began, state in seen:
            due = max(
                (generation for generation, moment in published.items() if moment <= began),
                default=0,
            )
            assert state[-1] >= due, "a connection opened after a run was published sees that run"
    print(
        f"\nreaders: {RUNS} runs, {READERS} readers, {polls} polls, 0 errors, 0 inconsistent states"
    )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(0 if FULL else 600),
    pytest.mark.usefixtures("unchecked"),
]

CONTENT = (
    "select * exclude (load_id, fetched_at, catalog_load_id, read_at, seen_at) from staging.models",
    "select * from staging.offers",
    "select * from staging.scores",
    "select * exclude (valid_from) from marts.offers",
    "select * from marts.leaderboard",
    (
        "select model_id, provider_id, offer_number, input_usd_per_mtok, output_usd_per_mtok, "
        "valid_to is null from history.offers"
    ),
    (
        "select model_id, benchmark_id, score_number, score, is_verified, valid_to is null from "
        "history.scores"
    ),
)


def content(database: Path) -> list[list[tuple[Any, ...]]]:
    """Return the rows that readers see.

    Columns with times are omitted, because times differ from run to run.
    """
    with attached(database) as connection:
        return [sorted(connection.execute(query).fetchall(), key=repr) for query in CONTENT]


def run_to_the_end(database: Path, api: SampleApi) -> None:
    """Fetch and load all models in this process; assert that the run succeeds."""
    settings = Settings.read(
        database=database, base_url=api.base_url, api_key=SAMPLE_KEY, requests_per_minute=0
    )
    assert execute(settings, all_models=True).exit_code == 0


def test_killed_runs_do_not_change_the_published_file_and_the_next_run_succeeds(
    two_days: Path, tmp_path: Path
) -> None:
    killed = two_days
    copy = shutil.copytree(two_days.parent, tmp_path / "completed", symlinks=True)
    completed = copy / two_days.name
    killed_count = 0
    with SampleApi() as api:
        for number in range(KILLS):
            api.publish(generation(number))
            started = time.monotonic()
            run_to_the_end(completed, api)
            seconds = time.monotonic() - started
            snapshot, before = killed.readlink(), killed.read_bytes()
            victim = start_run(killed, api)
            wait_for_lock(victim, killed)
            time.sleep(random.uniform(0, 1.5 * seconds))  # a new process is slower
            victim.send_signal(signal.SIGKILL)
            killed_count += finish_run(victim)[0] == -signal.SIGKILL
            if killed.readlink() == snapshot:
                assert killed.read_bytes() == before
            else:
                with MaterializedReader(killed) as reader:
                    findings = checks.run_checks(reader)
                assert [finding for finding in findings if finding.severity == "error"] == []
            # The records have not changed, so this run may reuse the cached responses.
            run_to_the_end(killed, api)
            assert content(killed) == content(completed)
        assert list((killed.parent / ".llm_stats" / "work").iterdir()) == []
    print(
        f"\nkills: {KILLS} runs killed, {killed_count} of them before they ended, "
        "0 broken files, 0 differing rows"
    )


class WaitingApi(FakeApi):
    """API that responds after `others_ended` is set. By default, its quota is spent."""

    def __init__(self) -> None:
        super().__init__(everywhere=[] if FULL else [faults.quota()])
        self.others_ended = threading.Event()

    def respond(self, request: Request) -> Response:
        self.others_ended.wait(20)  # without a lock, all runs would wait for each other
        return super().respond(request)


@pytest.mark.parametrize("at_once", [2, 5] if FULL else [2])
def test_of_concurrent_runs_exactly_one_gets_the_lock(one_model: Path, at_once: int) -> None:
    """In the full test, this run succeeds; otherwise it ends soon, because the quota is spent."""
    for _ in range(ROUNDS):
        with WaitingApi() as api:
            runs = [start_run(one_model, api) for _ in range(at_once)]
            while not api.others_ended.wait(0.01):
                if sum(run.poll() is None for run in runs) <= 1:
                    api.others_ended.set()
            ended = [finish_run(run) for run in runs]
        assert sorted(code for code, _ in ended) == sorted(
            [0 if FULL else QuotaSpent.exit_code] + [Locked.exit_code] * (at_once - 1)
        )
        for code, err in ended:
            assert ("another run holds the lock" in err) == (code == Locked.exit_code)
    reads = "select count(*) from raw.catalog_reads"
    assert query_rows(one_model, reads) == [(ROUNDS + 1 if FULL else 1,)]
    print(f"\nlock: {ROUNDS} times {at_once} runs at once, each time exactly one got the lock")
