"""Readers that never wait, crashes that never show: real processes, killed for real.

Short in the ordinary suite. The full measure, some 20 minutes, with the figures printed at the end:

    LLM_STATS_STRESS=1 pytest -s --timeout=0 tests/stress
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.queries import checks
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.settings import Settings
from llm_stats.warehouse.duckdb_reader import DuckDBReader, MaterializedReader

FULL = "LLM_STATS_STRESS" in os.environ
RUNS, READERS = (200, 4) if FULL else (4, 2)
SECONDS_BETWEEN_POLLS = 0.02 if FULL else 0.08
KILLS = 100 if FULL else 2
ROUNDS = 50 if FULL else 1

#: Publishes one generation after another, each by a whole run, and says when each was live.
WRITER = """
import sys, time, json, pathlib, datetime as dt
from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
with SampleApi() as api:
    settings = demo_settings(api, pathlib.Path(sys.argv[1])).model_copy(update={"destination": sys.argv[3]})
    for generation in range(1, int(sys.argv[2]) + 1):
        records = sample.today()
        for entry in records:
            for offer in entry["providers"]:
                offer["input_price_per_m"] = generation
        api.publish(records)
        assert execute(settings, all_models=True).exit_code == 0
        print(json.dumps([generation, time.time()]), flush=True)
"""

#: Polls the published file, with an old connection kept open, and checks that each state is whole and of one run.
READER = """
import sys, time, json, duckdb, pathlib
database, stop = map(pathlib.Path, sys.argv[1:3])
pause = float(sys.argv[3])
oldest, frozen = None, None
polls = 0
while not stop.exists():
    time.sleep(pause)
    if oldest is None and not database.exists():
        continue
    began = time.time()
    with duckdb.connect(str(database), read_only=True) as now:
        seen = now.execute('''
            select
                (select count(distinct _dlt_load_id) from raw.models),
                (select max(_dlt_load_id) from raw.fetches) = (select max(_dlt_load_id) from raw.models),
                (select count(*) from raw.fetches where _dlt_load_id = (select max(_dlt_load_id) from raw.models))
                    = (select count(*) from raw.models),
                (select count(*) from raw.models__providers) = (select count(*) from marts.offers),
                (select count(*) from raw.models__providers) = (select count(*) from history.offers where valid_to is null),
                (select count(distinct input_usd_per_mtok) from marts.offers),
                (select cast(max(input_usd_per_mtok) as int) from marts.offers)
        ''').fetchall()[0]
    polls += 1
    print(json.dumps([began, list(seen)]), flush=True)
    if oldest is None:
        oldest = duckdb.connect(str(database.resolve()), read_only=True)
        frozen = seen[-1]
    assert oldest.execute("select cast(max(input_usd_per_mtok) as int) from marts.offers").fetchall() == [(frozen,)]
print(json.dumps(["polls", polls]), flush=True)
"""


def start(code: str, *arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Runs code in a process of its own. It prints into a file: a pipe that nobody empties meanwhile would stop it."""
    printed = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed when its lines are read
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=printed, text=True, **more)
    process.stdout = printed
    return process


def lines(process: subprocess.Popen[str]) -> list[Any]:
    """What the process has printed, at its end."""
    assert process.wait() == 0
    assert process.stdout
    with process.stdout as printed:
        printed.seek(0)
        return [json.loads(line) for line in printed]


def test_readers_see_one_whole_state_and_the_newest_at_once(tmp_path: Path) -> None:
    database, stop = tmp_path / "w.duckdb", tmp_path / "stop"
    readers = [start(READER, database, stop, SECONDS_BETWEEN_POLLS) for _ in range(READERS)]
    published = dict(lines(start(WRITER, database, RUNS, "duckdb")))
    time.sleep(0.5)
    stop.touch()
    polls = 0
    for reader in readers:
        *seen, (_, count) = lines(reader)
        polls += count
        generations = [state[-1] for _, state in seen]
        assert all(state[:6] == [1, True, True, True, True, 1] for _, state in seen)
        assert generations == sorted(generations), "nobody goes back"
        assert generations[-1] == RUNS
        for began, state in seen:
            due = max((generation for generation, moment in published.items() if moment <= began), default=0)
            assert state[-1] >= due, "whoever opens the file after a run was published sees that run"
    print(f"\nreaders: {RUNS} runs, {READERS} readers, {polls} polls, 0 errors, 0 inconsistent states")


pytestmark = pytest.mark.timeout(600)

CONTENT = (
    "select * exclude (load_id, fetched_at) from staging.models",
    "select * from staging.offers",
    "select * from staging.scores",
    "select * exclude (valid_from) from marts.offers",
    "select * from marts.leaderboard",
    "select model_id, provider_id, offer_number, input_usd_per_mtok, output_usd_per_mtok, valid_to is null from history.offers",
    "select model_id, benchmark_id, score_number, score, is_verified, valid_to is null from history.scores",
)


def content(database: Path) -> list[list[tuple[Any, ...]]]:
    """Everything a reader sees, but for the times, which differ from run to run."""
    with duckdb.connect(database, read_only=True) as connection:
        return [sorted(connection.execute(query).fetchall(), key=repr) for query in CONTENT]


def run(database: Path, api: SampleApi) -> subprocess.Popen[bytes]:
    """`llm-stats run --all` as a process of its own."""
    command = [sys.executable, "-m", "llm_stats", "run", "--all", "--base-url", api.base_url, "--database", str(database)]
    environment = os.environ | {"LLM_STATS_API_KEY": SAMPLE_KEY, "SOURCES__LLM_STATS__REQUESTS_PER_MINUTE": "0"}
    return subprocess.Popen([*command, "--quiet"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def complete(database: Path, api: SampleApi) -> None:
    """The same run, in this process and to its end."""
    settings = Settings.read(database=database, base_url=api.base_url, api_key=SAMPLE_KEY, requests_per_minute=0)
    assert execute(settings, all_models=True).exit_code == 0


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, err = process.communicate()
    return process.returncode, err.decode()


def generation(number: int) -> list[dict[str, Any]]:
    """The sample with other prices, and each time another model without offers."""
    records = sample.today()
    for place, entry in enumerate(records):
        for offer in entry["providers"]:
            offer["output_price_per_m"] = number + place
        if place == number % len(records):
            entry["providers"] = []
    return records


def test_killed_runs_leave_the_published_file_whole_and_the_next_run_heals(tmp_path: Path) -> None:
    killed, spared = tmp_path / "killed.duckdb", tmp_path / "spared.duckdb"
    hit = 0
    with SampleApi() as api:
        started = time.monotonic()
        assert finish(run(killed, api)) == (0, "")
        seconds = time.monotonic() - started
        complete(spared, api)
        for number in range(KILLS):
            api.publish(generation(number))
            victim = run(killed, api)
            time.sleep(random.uniform(0.1, seconds))
            victim.send_signal(signal.SIGKILL)
            hit += finish(victim)[0] == -signal.SIGKILL
            with MaterializedReader(killed) as reader:
                assert [finding for finding in checks.run_checks(reader) if finding.severity == "error"] == []
            # the next run may find responses of the killed one, but never of another generation
            complete(killed, api)
            complete(spared, api)
            assert content(killed) == content(spared)
        assert list((tmp_path / ".killed" / "work").iterdir()) == []
    print(f"\nkills: {KILLS} runs killed, {hit} of them before they ended, 0 broken files, 0 differing rows")


@pytest.mark.parametrize("at_once", [2, 5] if FULL else [3])
def test_of_runs_started_at_once_exactly_one_works(tmp_path: Path, at_once: int) -> None:
    with SampleApi(latency_ms=100) as api:
        for _ in range(ROUNDS):
            ended = [finish(process) for process in [run(tmp_path / "w.duckdb", api) for _ in range(at_once)]]
            assert sorted(code for code, _ in ended) == [0] + [6] * (at_once - 1)
            assert all("another run holds the lock" in err for code, err in ended if code == 6)
    with DuckDBReader(tmp_path / "w.duckdb") as reader:
        assert reader.query("select count(distinct load_id) from staging.fetches").rows == [(ROUNDS,)]
    print(f"\nlock: {ROUNDS} times {at_once} runs at once, each time exactly one worked")
