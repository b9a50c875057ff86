"""Run reporting: a summary file, a JSON log and a webhook receive the summary of every run.

The summary is the object that `pipeline.result` describes. Each receiver is a `Sink`. `RunReporter`
calls all sinks. An error in `start` prevents the run; an error in `finish` becomes a warning.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from llm_stats import files
from llm_stats.errors import LlmStatsError, UsageError
from llm_stats.pipeline.result import RunResult, format_unexpected, summarize_error
from llm_stats.reporting.json_log import to_ascii_json
from llm_stats.terminal import echo
from llm_stats.text import escape_control_chars

if TYPE_CHECKING:
    from llm_stats.settings import Settings


class Sink(Protocol):
    """A receiver of run summaries; an error in `finish` is logged as the event `<name>_failed`."""

    name: str

    def start(self, settings: Settings) -> None:
        """Prepare the sink before the first request. Raise `UsageError` if `finish` would fail."""

    def finish(self, summary: dict[str, Any]) -> None:
        """Deliver the summary.

        If the settings cannot be read, `finish` is called without `start`.
        """


class RunReporter:
    """A context manager around one run; passes the run's summary to the sinks at the end.

    Set `result` inside the context. Errors propagate, and `exit_code` is the exit code of the run.
    An error in `finish` does not change the exit code: `warn` is called with the name of the sink
    and a message.
    """

    def __init__(
        self, sinks: Iterable[Sink], warn: Callable[[str, str], None] | None = None
    ) -> None:
        self.result: RunResult | None = None
        self.exit_code = 0
        self._sinks = list(sinks)
        self._warn = warn or _print_warning

    def __enter__(self) -> Self:
        self._started_at, self._started = dt.datetime.now(dt.UTC), time.monotonic()
        return self

    def start(self, settings: Settings) -> None:
        """Start all sinks. Remove each sink that raises `UsageError`; raise the first error."""
        errors = []
        for sink in list(self._sinks):
            try:
                sink.start(settings)
            except UsageError as error:
                self._sinks.remove(sink)
                errors.append(error)
        if errors:
            raise errors[0]

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        summary = self.result.to_dict() if self.result else {}
        if error:  # also if there is a result: printing the result may have failed
            summary |= summarize_error(error, self._started_at, time.monotonic() - self._started)
        self.exit_code = summary["exit_code"]
        for sink in self._sinks:
            try:
                sink.finish(summary)
            except Exception as failure:
                is_explained = isinstance(failure, LlmStatsError)
                self._warn(sink.name, str(failure) if is_explained else format_unexpected(failure))


def make_sinks(summary: Path | None, notify: bool) -> list[Sink]:
    """Return the sinks of the options `--summary` and `--notify`."""
    sinks: list[Sink] = []
    if summary:
        sinks.append(SummaryFile(summary))
    if notify:
        from llm_stats.reporting.webhook import Webhook

        sinks.append(Webhook())
    return sinks


def _print_warning(_: str, message: str) -> None:
    echo(f"llm-stats: {escape_control_chars(message)}", err=True)


class SummaryFile:
    """The sink of `--summary`: writes the summary as indented JSON, atomically."""

    name = "summary"

    def __init__(self, file: Path) -> None:
        self._file = file

    def start(self, _: Settings) -> None:
        """Delete the summary of an earlier run, so that a killed run leaves no summary.

        Raise `UsageError` if the file cannot be replaced.
        """
        try:
            self._require_json_file()
            files.require_writable(self._file)
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise self._make_error(error.strerror or error) from None

    def finish(self, summary: dict[str, Any]) -> None:
        """Write the summary. Raise `UsageError` if the file cannot be written."""
        try:
            self._require_json_file()
            files.atomic_write(self._file, to_ascii_json(summary, indent=2) + "\n")
        except OSError as error:
            raise self._make_error(error.strerror or error) from None

    def _require_json_file(self) -> None:
        """Raise `UsageError` if the file exists and is not a regular file that starts with `{`."""
        try:
            files.require_kind(self._file, b"{", "a JSON file")
        except FileExistsError as error:
            raise self._make_error(f"{error.strerror}; name another file") from None
        if self._file.is_symlink():
            raise self._make_error("not a regular file; name another file")

    def _make_error(self, cause: object) -> UsageError:
        return UsageError(f"cannot write the summary to {self._file}: {cause}")
