"""Structured lines on standard error for log collectors (Loki, Datadog, CloudWatch): one JSON object a line.

    {"time": "2026-11-23T05:15:04.120Z", "level": "info", "event": "run_finished", "exit_code": 0, "requested": 335, "outcomes": {…}, …}

| event | level | fields |
| --- | --- | --- |
| `run_started` | info | `version` |
| `progress` | info | `loaded`, `requested`, `failed`, `requests_per_minute`, `seconds_left` |
| `model_not_loaded` | warning | `model_id`, `outcome`, `http_status`, `message` |
| `run_finished` | info, or warning for exit code 4 | what `--summary` writes, with a `…_count` in place of each list |
| `run_failed` | error | the same, for every exit code but 0, 4 and 75 |
| `webhook_failed`, `summary_failed` | warning | `message` |

Plain ASCII, whatever a name holds: nothing in a line can break it or steer a terminal.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from llm_stats.terminal import echo

if TYPE_CHECKING:
    from llm_stats.schema.fetch import FetchResult

Level = Literal["info", "warning", "error"]

#: By exit code; every other is an error. 75, come back tomorrow, alarms nobody.
_LEVELS: dict[int, Level] = {0: "info", 75: "info", 4: "warning"}


def log_event(level: Level, event: str, **fields: Any) -> None:
    """One line, at once. A reader that is gone ends the writing, never the run."""
    time = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    echo(to_ascii_json({"time": time, "level": level, "event": event, **fields}), err=True)


def to_ascii_json(value: Any, indent: int | None = None) -> str:
    """JSON in printable ASCII."""
    return json.dumps(value, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")


def log_progress(answers: Iterable[FetchResult], total: int, requests_per_minute: int = 0) -> Iterator[FetchResult]:
    """The same answers; how far they are is logged every few seconds, and each that did not load."""
    from llm_stats.pipeline.progress import ProgressCounter, progress_lines

    for answer in progress_lines(
        answers, ProgressCounter(total, requests_per_minute), lambda tally: log_event("info", "progress", **tally.snapshot())
    ):
        if answer.fetch.outcome not in ("loaded", "deferred"):
            log_event("warning", "model_not_loaded", **answer.fetch.model_dump(include={"model_id", "outcome", "http_status", "message"}))
        yield answer


def log_run_finished(summary: dict[str, Any]) -> None:
    """The last line of a run, from what `--summary` writes; lists are counted, for a line has to stay short."""
    fields = dict((f"{key}_count", len(value)) if isinstance(value, list) else (key, value) for key, value in summary.items())
    level = _LEVELS.get(summary["exit_code"], "error")
    log_event(level, "run_failed" if level == "error" else "run_finished", **fields)
