"""Result of a run: the object that `llm_stats.run()` returns, and its summary.

The summary is the JSON object that the summary file, the JSON log and the webhook share
(docs/schedules.md shows all keys):

    {"exit_code": 4, "kind": "incomplete", "message": "3 models requested: 2 loaded, …",
     "started_at": "2026-11-23T05:15:00Z", "elapsed_seconds": 0.4, "outcomes": {…}, …}

A run that ended with an error has only the first five keys. `kind` is `done` (exit code
0), `incomplete` (4), `deferred` (75), or the name of the error, such as `nothing_fetched`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from llm_stats.errors import Interrupted, LlmStatsError
from llm_stats.table import Table, to_records
from llm_stats.text import pluralize

if TYPE_CHECKING:
    from llm_stats.api.quota import Quota
    from llm_stats.api.stop import StopReason
    from llm_stats.queries.checks import CheckResult
    from llm_stats.schema.catalog import CatalogSummary
    from llm_stats.schema.fetch import Fetch, FetchResult

_KINDS = {0: "done", 4: "incomplete", 75: "deferred"}


@dataclass
class RunResult:
    """The result of one run.

    `outcomes` counts the requested models by outcome. `skipped` counts models that were not due.
    `reused` counts cached responses of an earlier run that was not published. `catalog` describes
    the read of the catalog; None without `all_models`. `not_loaded` has one entry, with the reason,
    for each model that did not load. `new_models` are ids that were not in the warehouse before.
    `changes` has one dict per change, largest first, with the columns of `llm-stats changes`.
    `attribution` is the line that names the source of the data; empty if nothing was published.
    `stop_reason` is set when fetching ended early. `quota` is None if the API sent no usable quota
    headers. `known_failures` are ids that failed in earlier runs and have not loaded since.
    `is_published` is False if there was nothing to load. `is_base_url_confirmed` is set if the API
    returned its catalog, or a model that an earlier run loaded.
    """

    database: Path
    destination: str = ""
    all_models: bool = False
    known_failures: frozenset[str] = frozenset()
    is_base_url_confirmed: bool = False
    load_id: str = ""
    requested: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    not_loaded: list[Fetch] = field(default_factory=list)
    new_fields: set[str] = field(default_factory=set)
    skipped: int = 0
    catalog: CatalogSummary | None = None
    requests_sent: int = 0
    reused: int = 0
    stop_reason: StopReason | None = None
    quota: Quota | None = None
    is_migrated: bool = False
    is_published: bool = False
    warnings: list[CheckResult] = field(default_factory=list)
    changes: Table = field(default_factory=lambda: Table((), (), []))
    attribution: str = ""
    new_models: list[str] = field(default_factory=list)
    started_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    elapsed_seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """Exit code of the run.

        - 3: models failed, and neither a record nor a summary was read
        - 4: models failed, but a record or a summary was read
        - 4: a page of the catalog failed, or a run for the catalog alone found no valid summary
        - 75: nothing failed, but models or pages were deferred
        - 0: nothing failed or was deferred

        With `all_models`, the models in `known_failures` do not count as failed if the run loaded
        or skipped any model. The code is 4 instead of 3 if every failed model is `not_found` and
        `is_base_url_confirmed` is set.
        """
        if self._failures:
            return 4 if self._is_source_confirmed else 3
        cut_off = self.catalog and self.catalog.cut_off
        if cut_off == "failed" or self._has_nothing:
            return 4
        return 75 if cut_off or self.outcomes["deferred"] else 0

    @property
    def _fetched(self) -> int:
        """Number of models that were loaded or not modified."""
        from llm_stats.schema.fetch import SUCCESSES

        return sum(self.outcomes[success] for success in SUCCESSES)

    @property
    def _failures(self) -> list[Fetch]:
        """The problems that count as failures of this run."""
        has_models = self._fetched or self.skipped
        expected = self.known_failures if self.all_models and has_models else ()
        return [fetch for fetch in self.problems if fetch.model_id not in expected]

    @property
    def _is_source_confirmed(self) -> bool:
        """Whether a record or summary was read, or the base URL is right and all errors are 404."""
        if self._fetched or (self.catalog and self.catalog.has_summaries):
            return True
        is_missing_only = all(fetch.outcome == "not_found" for fetch in self.problems)
        return is_missing_only and self.is_base_url_confirmed

    @property
    def _has_nothing(self) -> bool:
        """Whether the catalog had no valid summary, and no model was requested or skipped."""
        is_without_summaries = bool(self.catalog and not self.catalog.has_summaries)
        return is_without_summaries and not (self.requested or self.skipped)

    @property
    def location(self) -> str:
        """The published file, or the name of the destination."""
        return self.destination or str(self.database)

    @property
    def problems(self) -> list[Fetch]:
        """Entries of `not_loaded` except deferred models."""
        return [fetch for fetch in self.not_loaded if fetch.outcome != "deferred"]

    @property
    def first_problem(self) -> str | None:
        """Message of the first entry of `problems`; None if there are no problems."""
        return self.problems[0].message if self.problems else None

    @property
    def message(self) -> str:
        """Summary in one line: `3 models requested: 2 loaded, 1 not_found; 3 requests in 0.4 s`."""
        counts = ", ".join(
            f"{count} {outcome}" for outcome, count in self._count_outcomes().items() if count
        )
        requested = f"{pluralize(self.requested, 'model')} requested: {counts}"
        sent = pluralize(self.requests_sent, "request")
        outcome = requested if self.requested else "no model requested"
        return f"{outcome}; {sent} in {self.elapsed_seconds:.1f} s"

    def count(self, results: Iterable[FetchResult]) -> Iterator[FetchResult]:
        """Yield the results and count their outcomes."""
        from llm_stats.schema.rows import new_fields

        for result in results:
            self.outcomes[result.fetch.outcome] += 1
            if not result.fetch.attempts and result.fetch.outcome != "deferred":
                self.reused += 1
            if not result.fetch.is_success:
                self.not_loaded.append(result.fetch)
            if result.row is not None:
                self.new_fields |= new_fields(result.row)
            yield result

    def to_dict(self) -> dict[str, Any]:
        """Return the summary (see the docstring of this module)."""
        return {
            **_describe_outcome(
                self.exit_code,
                _KINDS[self.exit_code],
                self.message,
                self.started_at,
                self.elapsed_seconds,
            ),
            "database": self.location,
            "is_published": self.is_published,
            "load_id": self.load_id,
            "requested": self.requested,
            "outcomes": self._count_outcomes(),
            "skipped": self.skipped,
            "requests_sent": self.requests_sent,
            "reused": self.reused,
            "catalog": self.catalog and asdict(self.catalog),
            "stop": {"kind": self.stop_reason.kind, "message": self.stop_reason.message}
            if self.stop_reason
            else None,
            "quota": self.quota and self.quota.to_dict(),
            "problems": [
                fetch.model_dump(include={"model_id", "outcome", "http_status", "message"})
                for fetch in self.problems
            ],
            "new_models": self.new_models,
            "changes": to_records(self.changes),
            "attribution": self.attribution or None,
            "warnings": [
                {
                    "check": warning.check,
                    "description": warning.description,
                    "row_count": warning.row_count,
                }
                for warning in self.warnings
            ],
            "new_fields": sorted(self.new_fields),
        }

    def _count_outcomes(self) -> dict[str, int]:
        from llm_stats.schema.fetch import Outcome

        return {outcome: self.outcomes[outcome] for outcome in get_args(Outcome)}


def summarize_error(
    error: BaseException, started_at: dt.datetime, elapsed_seconds: float
) -> dict[str, Any]:
    """Return the summary of a run that ended with an error; it has only the first five keys."""
    if isinstance(error, KeyboardInterrupt):
        code = error.exit_code if isinstance(error, Interrupted) else 130
        message = str(error) or "interrupted"
        return _describe_outcome(code, "interrupted", message, started_at, elapsed_seconds)
    if isinstance(error, LlmStatsError):
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
        return _describe_outcome(error.exit_code, kind, str(error), started_at, elapsed_seconds)
    return _describe_outcome(1, "unexpected", format_unexpected(error), started_at, elapsed_seconds)


def is_failure(summary: dict[str, Any]) -> bool:
    """Return whether a run ended with an error, given its summary."""
    return summary["kind"] not in _KINDS.values()


def format_unexpected(error: BaseException) -> str:
    """Return the type and the first line of an unexpected error, such as `KeyError: 'x'`."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _describe_outcome(
    exit_code: int, kind: str, message: str, started_at: dt.datetime, elapsed_seconds: float
) -> dict[str, Any]:
    return {
        "exit_code": exit_code,
        "kind": kind,
        "message": message,
        "started_at": f"{started_at:%Y-%m-%dT%H:%M:%SZ}",
        "elapsed_seconds": round(elapsed_seconds, 3),
    }
