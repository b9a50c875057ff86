"""JSON lines on standard error for log collectors (Loki, Datadog, CloudWatch).

    {"time": "2026-11-23T05:15:04.120Z", "level": "info", "event": "run_finished", …}

| event | level | fields |
| --- | --- | --- |
| `run_started` | info | `version` |
| `waiting` | info | `seconds` until the first request, `requests_per_minute` (the limit) |
| `progress` | info | `loaded`, `requested`, `failed` and the other fields of `progress.Counts` |
| `model_not_loaded` | warning | `model_id`, `outcome`, `http_status`, `message` |
| `run_finished` | info; warning for exit code 4 | the summary; lists become `…_count` |
| `run_failed` | error | as for `run_finished`; logged for every exit code except 0, 4 and 75 |
| `webhook_failed`, `summary_failed` | warning | `message` |
| `warning` | warning | `message`, for example if the file system cannot `fsync` folders |

`run_started` is logged after the settings have been read. Lines are printable ASCII, so that no
value can end a line or control a terminal.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from llm_stats._version import __version__
from llm_stats.terminal import echo

if TYPE_CHECKING:
    from llm_stats.api.rate_limit import RateLimiter
    from llm_stats.schema.fetch import FetchResult
    from llm_stats.settings import Settings

Level = Literal["info", "warning", "error"]

#: Log level by exit code; other codes are errors. Exit code 75 (models deferred) is not a failure.
_LEVELS: dict[int, Level] = {0: "info", 75: "info", 4: "warning"}


def log_event(level: Level, event: str, **fields: Any) -> None:
    """Write one JSON line to standard error and flush it."""
    time = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    echo(to_ascii_json({"time": time, "level": level, "event": event, **fields}), err=True)


def to_ascii_json(value: Any, indent: int | None = None) -> str:
    """Return JSON in printable ASCII."""
    return json.dumps(value, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")


def log_sink_failure(sink: str, message: str) -> None:
    """Log a warning that a sink of a `RunReporter` failed."""
    log_event("warning", f"{sink}_failed", message=message)


class JsonProgress:
    """Progress as JSON lines: each model that did not load, and the counts every few seconds."""

    def announce_wait(self, rate_limiter: RateLimiter) -> None:
        from llm_stats.pipeline.progress import displayed_wait

        if seconds := displayed_wait(rate_limiter):
            log_event("info", "waiting", seconds=seconds, requests_per_minute=rate_limiter.requests)

    def show(
        self, results: Iterable[FetchResult], total: int, rate_limiter: RateLimiter
    ) -> Iterator[FetchResult]:
        from llm_stats.pipeline.progress import ProgressCounter, progress_lines

        counter = ProgressCounter(total, rate_limiter)
        for result in progress_lines(
            results, counter, lambda counter: log_event("info", "progress", **counter.snapshot())
        ):
            if not result.fetch.is_success and result.fetch.outcome != "deferred":
                log_event(
                    "warning",
                    "model_not_loaded",
                    **result.fetch.model_dump(
                        include={"model_id", "outcome", "http_status", "message"}
                    ),
                )
            yield result


class JsonLogHandler(logging.Handler):
    """Logging handler that writes the warnings of this package as the event `warning`."""

    def emit(self, record: logging.LogRecord) -> None:
        log_event("warning", "warning", message=record.getMessage())


class JsonLog:
    """The sink of `--log-format json`: logs the start and the end of a run."""

    name = "log"

    def start(self, _: Settings) -> None:
        """Log `run_started` with the version of llm-stats."""
        log_event("info", "run_started", version=__version__)

    def finish(self, summary: dict[str, Any]) -> None:
        """Log `run_finished` or `run_failed` with the summary; replace each list by its length."""
        fields = dict(
            (f"{key}_count", len(value)) if isinstance(value, list) else (key, value)
            for key, value in summary.items()
        )
        level = _LEVELS.get(summary["exit_code"], "error")
        log_event(level, "run_failed" if level == "error" else "run_finished", **fields)
