"""Checks: queries for rows that must not exist."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from llm_stats.errors import CheckFailed, LlmStatsError, UsageError
from llm_stats.text import escape_control_chars, pluralize
from llm_stats.transform.checks import Scope, all_checks, allowable_failures
from llm_stats.warehouse.reader import Reader

_SAMPLE_ROWS = 5


@dataclass(frozen=True)
class CheckResult:
    """A failed check, with the number of rows found and a sample of the rows."""

    check: str
    severity: Literal["error", "warning"]
    description: str
    row_count: int
    columns: tuple[str, ...]
    sample: list[tuple[Any, ...]]

    def __str__(self) -> str:
        rows = "; ".join(
            ", ".join(
                f"{name}={escape_control_chars(str(value))}"
                for name, value in zip(self.columns, row, strict=True)
            )
            for row in self.sample
        )
        count = pluralize(self.row_count, "row")
        return f"{self.severity}: {self.check}: {self.description}: {count}: {rows}"


def count_checks() -> int:
    """Return the number of checks."""
    return len(all_checks())


def run_checks(reader: Reader, scope: Scope = Scope.ALL) -> list[CheckResult]:
    """Return the failed checks, errors first. Raise `LlmStatsError` for a check that cannot run.

    If `scope` is not `ALL`, the checks that need all models are left out.
    """
    results = []
    for check in all_checks():
        if check.needs_all_models and scope is not Scope.ALL:
            continue
        severity = re.search(r"^-- Severity: (error|warning)\b", check.text, re.MULTILINE)
        if severity is None:
            raise LlmStatsError(
                f"checks/{check.name}.sql: "
                "the header needs a line `-- Severity: error` or `-- Severity: warning`"
            )
        try:
            failures = reader.query(check.text)
        except UsageError as error:
            raise LlmStatsError(
                f"checks/{check.name}.sql: {' '.join(str(error).split())}"
            ) from None
        if failures.rows:
            results.append(
                CheckResult(
                    check=check.name,
                    severity="error" if severity[1] == "error" else "warning",
                    description=check.text.splitlines()[0].removeprefix("-- ").rstrip("."),
                    row_count=len(failures.rows),
                    columns=failures.columns,
                    sample=failures.rows[:_SAMPLE_ROWS],
                )
            )
    return sorted(results, key=lambda result: result.severity)


def require_known_checks(names: Collection[str]) -> None:
    """Raise `UsageError` for an unknown check name."""
    checks = allowable_failures()
    for name in names:
        if name not in checks:
            raise UsageError(f"there is no check {name!r}; choose from {', '.join(checks)}")


def require_passing(
    reader: Reader, allowed_failures: Collection[str] = (), scope: Scope = Scope.ALL
) -> list[CheckResult]:
    """Return the failed checks; raise `CheckFailed` if one of them prevents publishing.

    A check of severity `error` prevents publishing unless `allowed_failures` names it.
    """
    try:
        results = run_checks(reader, scope)
    except LlmStatsError as error:
        raise LlmStatsError(f"{error}; nothing was published") from None
    errors = [
        result
        for result in results
        if result.severity == "error" and result.check not in allowed_failures
    ]
    if errors:
        lines = "\n".join(f"  {result}" for result in errors)
        names = tuple(result.check for result in errors)
        raise CheckFailed(f"nothing was published: checks failed:\n{lines}", names)
    return results
