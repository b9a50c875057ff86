"""Whole runs against an API that fails: what is loaded, what is left, what is said, and that nothing is paid twice or forgotten.

`LLM_STATS_KILLS=20` kills a run at 20 moments instead of a few; `LLM_STATS_TEST_DATA` names the open data set, if it lies elsewhere.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bench.synthetic import catalogue
from conftest import Command, RawTables
from llm_stats import record, run
from llm_stats.batch import arrow_tables
from llm_stats.cache import ResponseCache
from llm_stats.client import Answer
from llm_stats.errors import LlmStatsError
from llm_stats.progress import Tally, shown
from llm_stats.result import Result
from llm_stats.run import stalest_first
from llm_stats.sample import SAMPLE_KEY, SampleApi, exchange, faults
from llm_stats.summary import summary
from llm_stats.warehouse import Warehouse

DATA = Path(
    os.environ.get("LLM_STATS_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data" / "llm_stats_records.json",
)
KILLS = int(os.environ.get("LLM_STATS_KILLS", "2"))
RECORDS = catalogue(12, providers=1, scores=1)
IDS = [entry["id"] for entry in RECORDS]
NOW = dt.datetime.now(dt.UTC)


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home / "llm_stats.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def asked(api: SampleApi) -> list[str]:
    return [request.model_id for request in api.requests if request.model_id]


class TestStalestFirst:
    def ago(self, **ages: float) -> dict[str, dt.datetime]:
        return {model_id: NOW - dt.timedelta(hours=hours) for model_id, hours in ages.items()}

    def test_never_fetched_then_the_longest_ago(self) -> None:
        assert stalest_first(["a", "b", "c", "d"], self.ago(a=1, b=3, d=2), dt.timedelta(0)) == ["c", "b", "d", "a"]

    def test_what_is_fresh_enough_is_left_out(self) -> None:
        assert stalest_first(["a", "b", "c"], self.ago(a=1, b=7), dt.timedelta(hours=6)) == ["c", "b"]
        assert stalest_first(["a"], self.ago(a=1), dt.timedelta.max) == []

    def test_the_same_id_is_asked_once(self) -> None:
        assert stalest_first(["a", "a"], {}, dt.timedelta(0)) == ["a"]

    def test_a_daily_budget_refreshes_everything_in_turn(self) -> None:
        """335 models, 100 a day: each is fetched once in any four days."""
        ids, fetched_at = [f"model-{number}" for number in range(335)], dict[str, dt.datetime]()
        days = []
        for day in range(12):
            days.append(stalest_first(ids, fetched_at, dt.timedelta(0))[:100])
            fetched_at |= dict.fromkeys(days[-1], NOW + dt.timedelta(days=day))
        for first in range(8):
            assert {model_id for day in days[first : first + 4] for model_id in day} == set(ids)

    def test_what_keeps_failing_takes_its_turn_and_not_the_budget(self) -> None:
        failing_at = {"broken": NOW - dt.timedelta(hours=2)}
        assert stalest_first(["broken", "a", "new", "b"], self.ago(a=1, b=3), dt.timedelta(0), failing_at) == ["new", "b", "broken", "a"]


def test_a_budget_is_spent_on_the_stalest_and_nothing_is_forgotten(llm_stats: Command, home: Path) -> None:
    """12 models, the first of which is not there; 7 requests a day, one of them for the list."""
    with SampleApi(RECORDS, faults={IDS[0]: faults.error(404)}) as api:
        given = ("--base-url", api.base_url, "--max-requests", 7, "--requests-per-minute", 0, "--concurrency", 1)
        first = llm_stats("run", "--all", *given)
        assert (first.code, len(api.requests), asked(api)) == (75, 7 + 1, IDS[:6]), "and the account, which costs nothing"
        assert "stopped early: the budget of 7 requests is spent; 6 models are left to the next run" in first.out
        second = llm_stats("run", "--all", *given)
        assert (second.code, len(api.requests), asked(api)[6:]) == (75, 16, IDS[6:])
    assert rows(home, "select count(*) from raw.models") == [(11,)]
    assert Warehouse(home / "llm_stats.duckdb").known().failing_at.keys() == {IDS[0]}


def test_failing_is_what_failed_since_it_loaded(tmp_path: Path) -> None:
    moments = [dt.datetime(2026, 11, day, tzinfo=dt.UTC) for day in range(1, 6)]
    with duckdb.connect(tmp_path / "llm_stats.duckdb") as connection:
        raw = RawTables(connection)
        raw.fetch(["failed, then loaded"], moments[0], "failed")
        raw.fetch(["failed, then loaded", "twice"], moments[1], "rejected")
        raw.load([RECORDS[0] | {"id": model_id} for model_id in ("failed, then loaded", "loaded, then twice", "once")], moments[2])
        raw.fetch(["loaded, then twice", "once"], moments[3], "failed")
        raw.fetch(["loaded, then twice", "twice"], moments[4], "not_found")
        raw.fetch(["never asked"], moments[3], "deferred")
        raw.fetch(["never asked", "once"], moments[4], "deferred")
        raw.apply()
    assert Warehouse(tmp_path / "llm_stats.duckdb").known().failing_at == {
        "loaded, then twice": moments[4],
        "twice": moments[4],
        "once": moments[3],
    }


def test_a_few_ids_that_always_fail_block_no_run(llm_stats: Command, home: Path) -> None:
    """A third of all; in the first run they come apart from each other, and later together, for they were asked at the same time."""
    records = catalogue(36, providers=1, scores=1)
    ids = [entry["id"] for entry in records]
    with SampleApi(records, faults=dict.fromkeys(ids[::3], faults.error(500))) as api:
        given = ("run", *ids, "--base-url", api.base_url, "--requests-per-minute", 0, "--concurrency", 1)
        for days in range(2):
            assert llm_stats(*given).code == 4
            assert rows(home, "select count(*) from raw.fetches where outcome = 'loaded'") == [(24 * (days + 1),)]


def test_an_address_that_knows_nothing_publishes_nothing(llm_stats: Command, home: Path) -> None:
    with SampleApi(RECORDS) as api:
        done = llm_stats("run", "gone", "lost", "--base-url", api.base_url, "--requests-per-minute", 0)
        assert done.code == 3
        assert f"nothing could be fetched: {api.base_url} knows none of the 2 models: wrong ids, or wrong base URL?" in done.err
        assert not (home / "llm_stats.duckdb").exists()
        done = llm_stats("run", "--all", "--base-url", f"{api.base_url}/x", "--requests-per-minute", 0)
    assert done.code == 3
    assert "HTTP 404 not_found" in done.err
    assert "wrong base URL?" in done.err


def test_the_pace_holds_from_one_run_to_the_next(llm_stats: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_stats.pace.Pace.__init__.__defaults__", (2.0,))
    with SampleApi(RECORDS) as api:
        for ids in (IDS[:4], IDS[4:8]):
            assert llm_stats("run", *ids, "--base-url", api.base_url, "--requests-per-minute", 6).code == 0
    arrivals = [request.at for request in api.requests]
    assert len(arrivals) >= 8
    assert max(sum(start <= at < start + 2 for at in arrivals) for start in arrivals) <= 6


def test_max_age_skips_what_is_fresher(llm_stats: Command) -> None:
    given = ("--requests-per-minute", 0, "--concurrency", 1)
    with SampleApi(RECORDS, faults={IDS[3]: faults.error(404)}) as api:
        assert llm_stats("run", *IDS[:4], "--base-url", api.base_url, *given, "--quiet").code == 4
    with SampleApi(RECORDS) as api:
        done = llm_stats("run", *IDS[:5], "--base-url", api.base_url, *given, "--max-age", "6h")
        assert done.code == 0
        assert asked(api) == [IDS[4], IDS[3]], "what keeps failing comes last"
    assert "2 models asked: 2 loaded; " in done.out
    assert "3 models left out, for they are fresh enough" in done.out


def test_one_run_of_everything_that_can_go_wrong(llm_stats: Command, home: Path) -> None:
    """asked = loaded + not_found + rejected + failed + deferred: in the summary, in `raw.fetches`, and by the requests that arrived."""
    bad = {IDS[1]: faults.error(404), IDS[2]: faults.changed(providers="none"), IDS[3]: faults.error(500), IDS[4]: faults.dropped()}
    with SampleApi(RECORDS, faults=bad, daily_quota=10) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0, "--concurrency", 1)
    assert done.code == 75, "come back when the quota is there again, whatever else failed"
    # the quota of 10 covers the list, the refused record, three answers that were dropped, and five that arrived
    assert "12 models asked: 5 loaded, 1 not_found, 1 rejected, 2 failed, 3 deferred; " in done.out
    fetches = dict(rows(home, "select outcome, count(*) from raw.fetches group by outcome"))
    assert fetches == {"loaded": 5, "not_found": 1, "rejected": 1, "failed": 2, "deferred": 3}
    assert rows(home, "select count(*) from raw.models") == [(5,)]
    assert rows(home, "select sum(attempts) + 1 from raw.fetches") == [(len(api.requests),)]
    assert f"; {len(api.requests)} requests in " in done.out
    assert "stopped early: the quota is spent: HTTP 429 quota_exceeded: Daily quota spent." in done.out
    assert f"resets at: {faults.next_midnight()}; 3 models are left to the next run" in done.out
    assert (
        f"failed: {IDS[3]}: HTTP 500 internal_error: The sample was told to fail. (https://sample.invalid/errors/internal_error)"
        in done.out
    )


def test_a_quota_that_is_spent_from_the_start(llm_stats: Command, home: Path) -> None:
    with SampleApi(RECORDS, everywhere=[faults.quota(reset_at="2026-11-24T00:00:00Z")]) as api:
        given = ("--base-url", api.base_url, "--requests-per-minute", 0, "--concurrency", 1)
        done = llm_stats("run", "--all", *given)
        assert (done.code, len(api.requests)) == (75, 1)
        assert "resets at: 2026-11-24T00:00:00Z" in done.err
        assert not (home / "llm_stats.duckdb").exists()
        assert llm_stats("run", *IDS, *given).code == 75
        assert len(api.requests) == 2


def test_a_run_refused_by_a_check_pays_for_nothing_again(llm_stats: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(database: Path, accepted: object) -> None:
        raise LlmStatsError("refused")

    with SampleApi(RECORDS) as api:
        given = ("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0)
        with monkeypatch.context() as patched:
            patched.setattr("llm_stats.checks.require", refuse)
            assert llm_stats(*given).code == 1
        assert len(api.requests) == 13
        done = llm_stats(*given)
        assert done.code == 0
        assert "12 models asked: 12 loaded; 1 request in" in done.out
        assert [request.route for request in api.requests[13:]] == ["/account"]
    with ResponseCache(home / ".llm_stats" / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        assert cache.get(f"{api.base_url}/models/{IDS[0]}") is None, "what was published could be taken for new"


def test_a_load_that_loses_rows_is_not_published(llm_stats: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an id that brought no record, no check of the tables could know."""
    monkeypatch.setattr("llm_stats.source.arrow_tables", lambda page: arrow_tables([answer for answer in page if answer.row]))
    with SampleApi(RECORDS, faults={IDS[0]: faults.error(404)}) as api:
        done = llm_stats("run", *IDS, "--base-url", api.base_url, "--requests-per-minute", 0)
    assert done.code == 1
    assert re.search(
        r"counts of this run do not agree: 12 asked for, \{.*'not_found': 1.*\} answered, \{'loaded': 11\} in the file", done.err
    )
    assert not (home / "llm_stats.duckdb").exists()


@pytest.mark.skipif(not DATA.exists(), reason="the open data set is not here")
def test_the_open_data_set_over_a_bad_line_with_a_small_quota(llm_stats: Command, home: Path) -> None:
    """One request in five fails, 600 a minute are allowed, the quota ends at 150: 150 loaded, 19 left, and these come first next time.

    Nothing fails three times, or an id would fail for good now and then.
    """
    records = json.loads(DATA.read_text())
    ids = [entry["id"] for entry in records]
    one_in_five = faults.first(2, faults.every(5, faults.error(500)))
    with SampleApi(records, everywhere=[one_in_five, faults.at_most(600, 60), faults.after(150, faults.quota())]) as api:
        given = ("--requests-per-minute", 600, "--base-url")
        done = llm_stats("run", *ids, *given, api.base_url)
    assert done.code == 75
    assert f"169 models asked: 150 loaded, 19 deferred; {len(api.requests)} requests in " in done.out
    assert rows(home, "select sum(attempts) from raw.fetches") == [(len(api.requests),)]
    assert len(api.requests) > 150 * 1.2
    arrived = Counter(request.status for request in api.requests)
    assert arrived[200] == 150
    assert arrived[429] <= 8
    left = {model_id for (model_id,) in rows(home, "select model_id from raw.fetches where outcome = 'deferred'")}

    with SampleApi(records, everywhere=[faults.every(5, faults.error(500)), faults.after(19, faults.quota())]) as api:
        done = llm_stats("run", *ids, *given, api.base_url, "--concurrency", 1)
    assert done.code == 75
    assert f"169 models asked: 19 loaded, 150 deferred; {len(api.requests)} requests in " in done.out
    assert {request.model_id for request in api.requests if request.status == 200} == left
    assert rows(home, "select count(*) from raw.models") == [(169,)]


def started(home: Path, api: SampleApi, *arguments: str) -> subprocess.Popen[str]:
    """The real command, in a process of its own."""
    given = [*arguments, "--base-url", api.base_url, "--requests-per-minute", "0", "--quiet"]
    return subprocess.Popen(
        [sys.executable, "-m", "llm_stats", "run", *given],
        cwd=home,
        env=os.environ | {"LLM_STATS_API_KEY": SAMPLE_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestInterrupt:
    """Ctrl-C, once."""

    def interrupted(self, home: Path, api: SampleApi, when: Callable[[], bool]) -> tuple[int, str, str, float]:
        """Exit code, what was printed, and how many seconds it took to end."""
        run = started(home, api, *IDS)
        while not when():
            assert run.poll() is None, run.communicate()
            time.sleep(0.01)
        time.sleep(0.3)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        return run.returncode, out, err, time.monotonic() - began

    def test_ends_a_run_that_waits_for_a_slow_answer(self, tmp_path: Path) -> None:
        """One that comes a second later is kept as well."""
        with SampleApi(RECORDS, faults={IDS[3]: faults.slow(60), IDS[5]: faults.slow(1.5)}) as api:
            code, out, err, seconds = self.interrupted(tmp_path, api, lambda: len(api.requests) == 12)
        assert (code, out) == (130, "")
        assert err.strip() == "llm-stats: interrupted; nothing was published, 11 responses are kept for the next run"
        assert seconds < 6
        assert not (tmp_path / "llm_stats.duckdb").exists()

    def test_is_a_line_of_a_json_log_like_any_other(self, tmp_path: Path) -> None:
        with SampleApi(RECORDS, faults={faults.LIST: faults.slow(60)}) as api:
            run = started(tmp_path, api, "--all", "--log-format", "json")
            while not api.requests:
                assert run.poll() is None, run.communicate()
                time.sleep(0.01)
            run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=30)
        *_, last = map(json.loads, err.splitlines())
        assert run.returncode == 130
        assert (last["event"], last["exit_code"], last["kind"]) == ("run_failed", 130, "interrupted")
        assert last["message"] == "interrupted; nothing was published, 0 responses are kept for the next run"

    def test_of_the_account_alone_leaves_the_summary(self, tmp_path: Path) -> None:
        with SampleApi(RECORDS, faults={faults.ACCOUNT: faults.slow(60)}) as api:
            code, out, err, seconds = self.interrupted(tmp_path, api, lambda: len(api.requests) == 13)
        assert (code, err) == (0, "")
        assert "12 models asked: 12 loaded; 13 requests in " in out
        assert seconds < 6


def test_a_slow_account_holds_no_lock(tmp_path: Path) -> None:
    with SampleApi(RECORDS, faults={faults.ACCOUNT: faults.slow(60)}) as api:
        run = started(tmp_path, api, *IDS)
        while len(api.requests) < 13:
            assert run.poll() is None, run.communicate()
            time.sleep(0.01)
        time.sleep(0.2)
        with Warehouse(tmp_path / "llm_stats.duckdb").lock():
            assert run.poll() is None
        run.kill()
        run.communicate()


class TestKill:
    """`kill -9` of the real command, then the same command again: no id is missing, none is paid for twice."""

    COUNT, CONCURRENCY, LATENCY_MS = 300, 8, 25

    @pytest.mark.parametrize("moment", range(KILLS))
    def test_at_any_moment(self, moment: int, tmp_path: Path) -> None:
        """The last fifth of the moments lies after the last response: while it is loaded, checked, published."""
        records = catalogue(self.COUNT, providers=1, scores=1)
        ids = [entry["id"] for entry in records]
        (tmp_path / "ids.txt").write_text("\n".join(ids))
        progress = (moment + 0.5) / KILLS * 1.25
        with SampleApi(records, latency_ms=self.LATENCY_MS) as api:
            run = self.start(tmp_path, api)
            while len(api.requests) < min(progress, 1) * self.COUNT:
                assert run.poll() is None, run.communicate()
                time.sleep(0.002)
            time.sleep(max(progress - 1, 0) * 4)
            published = (tmp_path / "llm_stats.duckdb").exists()
            os.kill(run.pid, signal.SIGKILL)
            run.communicate()
            time.sleep(2 * self.LATENCY_MS / 1000)  # what was in flight has arrived
            before = len(asked(api))
            assert self.leaks(tmp_path) == []
            again = self.start(tmp_path, api)
            out, err = again.communicate(timeout=100)
            assert (again.returncode, err) == (0, "")
        assert f"{self.COUNT} models asked: {self.COUNT} loaded; " in out
        assert rows(tmp_path, "select count(*), count(distinct id) from raw.models") == [(self.COUNT, self.COUNT)]
        assert set(asked(api)) == set(ids)
        if not published:
            assert len(asked(api)) <= self.COUNT + self.CONCURRENCY, f"{before} requests before the kill"
            assert rows(tmp_path, "select count(*), sum(attempts) from raw.fetches") == [(self.COUNT, len(asked(api)) - before)]

    def start(self, home: Path, api: SampleApi) -> subprocess.Popen[str]:
        return started(home, api, "--ids-file", "ids.txt", "--concurrency", str(self.CONCURRENCY))

    def leaks(self, home: Path) -> list[Path]:
        return [file for file in home.rglob("*") if file.is_file() and SAMPLE_KEY.encode() in file.read_bytes()]


class TestKey:
    """It is nowhere: not in a file, a log line at debug level, a traceback, an output; even where the server echoes it."""

    KEY = "sk-live-0123456789-abcdefghij"

    def echo(self, status: int) -> faults.Fault:
        return faults.error(status, "odd", f"The key {self.KEY} is odd.", help_url=f"https://help.invalid/?key={self.KEY}")

    @pytest.fixture
    def traces(self, home: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
        """Runs, and says where the key was found."""
        caplog.set_level(logging.DEBUG)

        def look(api: SampleApi) -> list[str]:
            said = ""
            try:
                result = run(IDS, api_key=self.KEY, base_url=api.base_url, requests_per_minute=0, database=home / "llm_stats.duckdb")
                said += "\n".join(summary(result)) + repr(result)
            except LlmStatsError as error:
                chain: BaseException | None = error
                while chain is not None:
                    said += "".join(traceback.format_exception(chain)) + repr(chain.__dict__)
                    chain = chain.__cause__ or chain.__context__
            printed = capfd.readouterr()
            assert "urllib3.connectionpool" in caplog.text, "the log is listened to"
            places = {"said": said, "log": caplog.text, "out": printed.out, "err": printed.err}
            found = [name for name, text in places.items() if self.KEY in text or self.KEY[:20] in text]
            return found + [str(file) for file in home.rglob("*") if file.is_file() and self.KEY[:20].encode() in file.read_bytes()]

        return look

    def test_after_every_kind_of_answer(self, traces: Callable[..., list[str]], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """First a run that a check refuses, which leaves its cache, then one that publishes."""
        bad = {
            IDS[0]: self.echo(400),
            IDS[1]: self.echo(404),
            IDS[2]: faults.changed(providers=f"for {self.KEY}"),
            IDS[3]: faults.changed(description=f"for {self.KEY}"),
            IDS[4]: faults.redirect(f"https://elsewhere.invalid/?key={self.KEY}"),
            IDS[5]: faults.first(1, faults.dropped()),
            IDS[6]: lambda *_: exchange.as_json({"error": {"code": "x", "message": self.KEY}}),
            IDS[7]: lambda *_: exchange.as_json({"detail": [{"loc": [self.KEY], "msg": self.KEY, "type": "x"}]}, 422),
            faults.ACCOUNT: lambda *_: exchange.as_json({"plan": self.KEY, "quota": {"key": self.KEY}}),
        }

        def refuse(database: Path, accepted: object) -> None:
            raise LlmStatsError("refused")

        with SampleApi(RECORDS, key=self.KEY, faults=bad) as api:
            with monkeypatch.context() as patched:
                patched.setattr("llm_stats.checks.require", refuse)
                assert traces(api) == []
            assert (home / ".llm_stats" / "responses.sqlite").stat().st_size
            assert traces(api) == []
        assert rows(home, "select count(*) from raw.fetches where message like '%***%'")[0][0] >= 4

    def test_after_a_refused_key(self, traces: Callable[..., list[str]]) -> None:
        with SampleApi(RECORDS, key=self.KEY, everywhere=[self.echo(401)]) as api:
            assert traces(api) == []


class TestAccount:
    @pytest.mark.parametrize(
        ("account", "line"),
        [
            (
                {"plan": "free", "email": "ann@sample.invalid", "quota": {"limit": 250, "used": 7, "remaining": 243}},
                "account: plan free, quota.limit 250, quota.used 7, quota.remaining 243",
            ),
            ({"requests_left_today": 12.0, "id": "acc-1"}, "account: requests_left_today 12.0"),
            ({"data": [1, 2], "owner": {"name": "Ann"}}, None),
            ({"limits": {f"limit_{number}": "x" * 500 for number in range(50)}}, "account: limits.limit_0 xxx"),
            ({}, None),
            (None, None),
        ],
    )
    def test_shows_what_speaks_of_a_quota(self, account: dict[str, Any] | None, line: str | None, tmp_path: Path) -> None:
        lines = [said for said in summary(Result(tmp_path / "x.duckdb", account=account)) if said.startswith("account")]
        assert (lines[0].startswith(line) and len(lines[0]) < 700) if line else not lines


class TestProgress:
    def answers(self, pause: float = 0) -> Any:
        for number in range(4):
            time.sleep(pause)
            outcome: record.Outcome = "failed" if number == 3 else "loaded"
            fetch = record.Fetch(model_id=str(number), requested_at=NOW, outcome=outcome, attempts=2)
            yield Answer(fetch, None if number == 3 else {"id": str(number)})

    def test_says_a_line_every_few_seconds_even_when_nothing_comes(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("llm_stats.progress._SECONDS_BETWEEN_LINES", 0.05)
        assert len(list(shown(self.answers(pause=0.12), 4))) == 4
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) >= 5
        assert lines[0].startswith("fetched 0 of 4, 0 failed, 0 requests/min")
        assert any(line.startswith("fetched 2 of 4, 0 failed, ") and line.endswith(" s left") for line in lines)

    def test_time_left_is_no_less_than_the_pace_allows(self) -> None:
        """50 left at once, then the pace holds: 285 to go take six minutes, not two seconds."""
        tally = Tally(335, requests_per_minute=50)
        fetch = record.Fetch(model_id="m", requested_at=NOW, outcome="loaded", attempts=1)
        for _ in range(50):
            tally.add(Answer(fetch, {}))
        facts = tally.facts()
        assert facts["requests_per_minute"] == 50
        assert 60 * 285 / 50 <= facts["seconds_left"] < 60 * 6
        assert str(tally).endswith("50 requests/min, 6 min left")

    def test_of_requests_only_those_of_the_last_minute_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1000.0]
        monkeypatch.setattr("llm_stats.progress.time.monotonic", lambda: now[0])
        tally = Tally(10)
        for _ in range(3):
            tally.add(Answer(record.Fetch(model_id="m", requested_at=NOW, outcome="failed", attempts=2)))
            now[0] += 40
        assert tally.facts()["requests_per_minute"] == 2

    def test_a_bar_goes_on_telling_while_nothing_comes(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr("rich.console.Console.is_terminal", True)
        monkeypatch.setenv("TERM", "xterm-256color")  # rich remembers, for all tests, what the first terminal could show
        said = itertools.count(1)
        monkeypatch.setattr(Tally, "__str__", lambda _: f"told {next(said)} times")
        assert len(list(shown(self.answers(pause=0.3), 4))) == 4
        assert "told 8 times" in capsys.readouterr().err

    def test_is_a_bar_on_a_terminal(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        assert len(list(shown(self.answers(), 4))) == 4
        assert "fetched 3 of 4, 1 failed, " in capsys.readouterr().err

    def test_says_nothing_of_a_fetch_that_is_over_at_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        list(shown(self.answers(), 4))
        assert capsys.readouterr().err == ""
