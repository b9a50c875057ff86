"""Lines of the JSON log: levels, fields, characters."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest
from llm_stats import __version__
from llm_stats.reporting import json_log
from llm_stats.reporting.json_log import JsonLog, JsonLogHandler, JsonProgress, to_ascii_json
from llm_stats.schema.fetch import Fetch, FetchResult
from llm_stats.settings import Settings
from support.fake_clock import ClockedRateLimiter


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the logged objects, without their times."""
    printed = capsys.readouterr()
    assert printed.out == ""
    logged = [json.loads(line) for line in printed.err.splitlines()]
    for line in logged:
        time = line.pop("time")
        assert dt.datetime.fromisoformat(time).tzinfo is dt.UTC
        assert len(time) == len("2026-11-23T05:15:04.120Z")
        assert time.endswith("Z")
    return logged


@pytest.mark.parametrize(
    ("code", "level", "event"),
    [
        (0, "info", "run_finished"),
        (75, "info", "run_finished"),
        (4, "warning", "run_finished"),
        (3, "error", "run_failed"),
        (1, "error", "run_failed"),
    ],
)
def test_level_follows_the_exit_code(
    capsys: pytest.CaptureFixture[str], code: int, level: str, event: str
) -> None:
    JsonLog().start(Settings.read())
    JsonLog().finish({"exit_code": code, "problems": [1, 2], "stop": None})
    assert lines(capsys) == [
        {"level": "info", "event": "run_started", "version": __version__},
        {"level": level, "event": event, "exit_code": code, "problems_count": 2, "stop": None},
    ]


def test_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("llm_stats", logging.WARNING, "", 0, "the disk %s", ("x",), None)
    JsonLogHandler().emit(record)
    json_log.log_sink_failure("webhook", "no connection")
    assert lines(capsys) == [
        {"level": "warning", "event": "warning", "message": "the disk x"},
        {"level": "warning", "event": "webhook_failed", "message": "no connection"},
    ]


def test_characters_cannot_end_a_line_or_control_a_terminal() -> None:
    assert to_ascii_json({"a": "é\n\x1b\x7f"}) == '{"a": "\\u00e9\\n\\u001b\\u007f"}'
    assert to_ascii_json({"a": 1}, indent=2) == '{\n  "a": 1\n}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_ascii_json(float("nan"))


def test_models_that_did_not_load_are_logged_but_deferred_models_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fetches = [
        Fetch(model_id="a", requested_at=dt.datetime.now(dt.UTC), outcome=outcome, message="why")
        for outcome in ("loaded", "deferred", "failed")
    ]
    results = [FetchResult(fetch) for fetch in fetches]
    assert list(JsonProgress().show(results, 3, ClockedRateLimiter(0))) == results
    fields = {"model_id": "a", "outcome": "failed", "http_status": None, "message": "why"}
    assert lines(capsys) == [{"level": "warning", "event": "model_not_loaded", **fields}]


def test_wait_for_the_rate_limit_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    limiter = ClockedRateLimiter(2, window_seconds=60)
    JsonProgress().announce_wait(limiter)
    assert lines(capsys) == []
    limiter.restore([50, 10])
    JsonProgress().announce_wait(limiter)
    seconds = round(limiter.window_seconds - 50)
    expected = {"level": "info", "event": "waiting", "seconds": seconds, "requests_per_minute": 2}
    assert lines(capsys) == [expected]
    limiter.close()
