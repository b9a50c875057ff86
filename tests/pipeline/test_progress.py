"""Progress of a fetch: lines, bar, time left."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import pty
import re
import sys
import time
from typing import Any

import pytest
from llm_stats.api.rate_limit import RateLimiter
from llm_stats.pipeline.progress import ProgressCounter, TextProgress, _format_duration
from llm_stats.reporting.json_log import JsonProgress
from llm_stats.schema.fetch import Fetch, FetchResult, Outcome
from support.fake_clock import ClockedRateLimiter
from support.processes import read_terminal

NOW = dt.datetime.now(dt.UTC)


class TestProgress:
    def answers(self, pause: float = 0) -> Any:
        for number in range(4):
            time.sleep(pause)
            outcome: Outcome = "failed" if number == 3 else "loaded"
            fetch = Fetch(model_id=str(number), requested_at=NOW, outcome=outcome, attempts=2)
            yield FetchResult(fetch, None if number == 3 else {"id": str(number)})

    def test_prints_a_line_every_few_seconds_even_without_results(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("llm_stats.pipeline.progress._SECONDS_BETWEEN_LINES", 0.05)
        assert len(list(TextProgress().show(self.answers(pause=0.12), 4, RateLimiter(0)))) == 4
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) >= 5
        assert lines[0].startswith("fetched 0 of 4, 0 failed, 0 requests/min")
        assert any(
            line.startswith("fetched 2 of 4, 0 failed, ") and line.endswith(" s left")
            for line in lines
        )

    def test_time_left_respects_the_rate_limit(self) -> None:
        """50 of 335 requests were sent; at 50 per minute, the other 285 take six minutes."""
        tally = ProgressCounter(335, ClockedRateLimiter(50))
        fetch = Fetch(model_id="m", requested_at=NOW, outcome="loaded", attempts=1)
        for _ in range(50):
            tally.add(FetchResult(fetch, {}))
        facts = tally.snapshot()
        assert facts["requests_per_minute"] == 50
        assert facts["seconds_left"] is not None
        assert 60 * 285 / 50 <= facts["seconds_left"] < 60 * 6
        assert str(tally).endswith("50 requests/min, 6 min left")

    def test_requests_per_minute_counts_the_last_minute_only(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr("llm_stats.pipeline.progress.time.monotonic", lambda: now[0])
        tally = ProgressCounter(10, RateLimiter(0))
        for _ in range(3):
            tally.add(
                FetchResult(Fetch(model_id="m", requested_at=NOW, outcome="failed", attempts=2))
            )
            now[0] += 30
        assert tally.snapshot()["requests_per_minute"] == 2

    def test_time_left_does_not_grow_while_requests_wait(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr("llm_stats.pipeline.progress.time.monotonic", lambda: now[0])
        limiter = ClockedRateLimiter(50)
        tally = ProgressCounter(100, limiter)
        limiter.is_waiting = True
        assert str(tally) == (
            "fetched 0 of 100, 0 failed, 0 requests/min, 60 s left, waiting for the rate limit"
        )
        now[0] += 50
        assert tally.snapshot()["seconds_left"] == 60
        tally.add(
            FetchResult(Fetch(model_id="m", requested_at=NOW, outcome="loaded", attempts=1), {})
        )
        before = tally.snapshot()["seconds_left"]
        now[0] += 50
        assert tally.snapshot()["seconds_left"] == before

    def test_time_left_includes_the_wait_caused_by_the_previous_run(self) -> None:
        limiter = ClockedRateLimiter(50)
        limiter.restore([20] * 50)
        limiter.is_waiting = True
        wait = limiter.seconds_until_free()
        assert 40 < wait < 42
        assert ProgressCounter(20, limiter).snapshot()["seconds_left"] == round(wait)
        assert ProgressCounter(75, limiter).snapshot()["seconds_left"] == round(wait + 30)

    def test_wait_before_the_model_list_is_announced(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        limiter = ClockedRateLimiter(2)
        for progress in (TextProgress(), JsonProgress()):
            progress.announce_wait(limiter)
        assert capsys.readouterr().err == ""
        limiter.restore([50, 10])
        TextProgress().announce_wait(limiter)
        message = "waiting 11 s for the rate limit of 2 requests per minute\n"
        assert capsys.readouterr().err == message
        JsonProgress().announce_wait(limiter)
        logged = json.loads(capsys.readouterr().err)
        assert (logged["event"], logged["seconds"]) == ("waiting", 11)

    def test_time_left_is_unknown_before_the_first_result(self) -> None:
        assert str(ProgressCounter(4, RateLimiter(0))) == (
            "fetched 0 of 4, 0 failed, 0 requests/min"
        )

    def test_bar_is_refreshed_without_results(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr("rich.console.Console.is_terminal", True)
        monkeypatch.setenv(
            "TERM", "xterm-256color"
        )  # rich caches the capabilities of the first terminal for all tests
        numbers = itertools.count(1)
        monkeypatch.setattr(ProgressCounter, "__str__", lambda _: f"update {next(numbers)}")
        assert len(list(TextProgress().show(self.answers(pause=0.3), 4, RateLimiter(0)))) == 4
        assert "update 8" in capsys.readouterr().err

    def test_is_a_bar_on_a_terminal(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        assert len(list(TextProgress().show(self.answers(), 4, RateLimiter(0)))) == 4
        assert "fetched 3 of 4, 1 failed, " in capsys.readouterr().err

    def test_prints_nothing_for_a_short_fetch(self, capsys: pytest.CaptureFixture[str]) -> None:
        list(TextProgress().show(self.answers(), 4, RateLimiter(0)))
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_progress_is_a_bar_on_a_terminal_and_plain_with_no_color(
    monkeypatch: pytest.MonkeyPatch, no_color: str, is_coloured: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    answers = [
        FetchResult(
            Fetch(model_id="m", requested_at=dt.datetime.now(dt.UTC), outcome="failed", attempts=1)
        )
    ] * 2
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        assert list(TextProgress().show(iter(answers), 2, RateLimiter(0))) == answers
    shown = read_terminal(master)
    assert "fetched 0 of 2, 2 failed" in shown
    assert bool(re.search(r"\x1b\[(?:[0-9;]*;)?(?:3|4|9|10)\d[0-9;]*m", shown)) == is_coloured


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (149, "2 min"), (151, "3 min")]
)
def test_unit_of_the_time_left(seconds: int, text: str) -> None:
    assert _format_duration(seconds) == text


def test_counts_by_outcome() -> None:
    counter = ProgressCounter(9, ClockedRateLimiter(0))
    assert str(counter) == "fetched 0 of 9, 0 failed, 0 requests/min"
    outcomes: tuple[Outcome, ...] = (
        "loaded",
        "not_modified",
        "failed",
        "rejected",
        "not_found",
        "deferred",
    )
    for outcome in outcomes:
        fetch = Fetch(model_id="m", requested_at=NOW, outcome=outcome, attempts=2)
        counter.add(FetchResult(fetch))
    counts = counter.snapshot()
    assert (counts["loaded"], counts["failed"], counts["requested"]) == (2, 3, 9)
    assert counts["requests_per_minute"] == 12
    assert counts["seconds_left"] == 0
    assert not counts["is_waiting"]
