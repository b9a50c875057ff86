"""Who is told how a run ended: a file for programs, a log for collectors, a webhook for people. None of them changes how it ended."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any, Self

from llm_stats import __version__, files
from llm_stats.errors import UsageError
from llm_stats.pipeline import json_log
from llm_stats.pipeline.result import RunResult, failure
from llm_stats.settings import Settings
from llm_stats.terminal import echo


class RunReporter:
    """A context manager around one run: at its end, be it an error, everybody is told. Set `result` once there is one.

    In a JSON log an error is a line like any other and goes no further, unless with `debug`; `exit_code` is the code to end with. A file
    or a webhook that fails in the end is only said on standard error.
    """

    def __init__(self, summary_file: Path | None = None, *, notify: bool = False, json_log: bool = False, debug: bool = False) -> None:
        self.result: RunResult | None = None
        self.exit_code = 0
        self._summary_file = summary_file
        self._notify, self._json_log, self._debug = notify, json_log, debug
        self._settings: Settings | None = None

    def __enter__(self) -> Self:
        self._started_at, self._started = dt.datetime.now(dt.UTC), time.monotonic()
        if self._json_log:
            json_log.log_event("info", "run_started", version=__version__)
        return self

    def start(self, settings: Settings) -> None:
        """Takes the settings of the run. Raises `UsageError` if the file cannot be written, or if there is no webhook."""
        self._settings = settings
        if self._notify and not settings.webhook_url:
            where = "set SOURCES__LLM_STATS__WEBHOOK_URL, or webhook_url in .dlt/secrets.toml under [sources.llm_stats]"
            raise UsageError(f"--notify needs a webhook: {where}")
        if self._summary_file:
            try:
                _require_json_file(self._summary_file)
                files.require_writable(self._summary_file)
                self._summary_file.unlink(missing_ok=True)  # what is there is of this run: a run that is killed leaves none
            except OSError as error:
                says = f"--summary {self._summary_file}: {error.strerror or error}"
                self._summary_file = None
                raise UsageError(says) from None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        summary = self.result.to_dict() if self.result else {}
        if error:  # with a result too, if that could not be printed
            summary |= failure(error, self._started_at, time.monotonic() - self._started)
        self.exit_code = summary["exit_code"]
        if self._summary_file:
            try:
                _require_json_file(self._summary_file)
                files.atomic_write(self._summary_file, json_log.to_ascii_json(summary, indent=2) + "\n")
            except OSError as failed:
                self._warn("summary_failed", f"--summary {self._summary_file}: {failed.strerror or failed}")
        if self._json_log:
            json_log.log_run_finished(summary)
        self._post(summary)
        return self._json_log and not self._debug and isinstance(error, Exception | KeyboardInterrupt)

    def _post(self, summary: dict[str, Any]) -> None:
        if self._notify and self._settings and self._settings.webhook_url:
            from llm_stats.pipeline import webhook

            try:
                if text := webhook.format_message(summary, self._settings.notify_min_change_pct):
                    webhook.post_message(self._settings.webhook_url.get_secret_value(), text)
            except webhook.WebhookError as failed:
                self._warn("webhook_failed", f"the webhook took no message: {failed}")

    def _warn(self, event: str, message: str) -> None:
        if self._json_log:
            json_log.log_event("warning", event, message=message)
        else:
            echo(f"llm-stats: {message}", err=True)


def _require_json_file(file: Path) -> None:
    """Raises `OSError` for a file that holds anything but JSON: that is not ours."""
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise OSError("is no plain file")
    if file.exists() and not file.read_bytes().startswith(b"{"):
        raise OSError("holds something else; name another file")
