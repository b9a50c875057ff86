"""Runs the queries under `sql/checks`: each selects rows that should not exist."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from llm_stats.errors import CheckFailed, LlmStatsError, UsageError
from llm_stats.text import escape_control_chars
from llm_stats.transform import files
from llm_stats.warehouse.reader import Reader

_SAMPLE_ROWS = 5


@dataclass(frozen=True)
class CheckResult:
    """A check that found rows: how many, and the first few."""

    check: str
    severity: Literal["error", "warning"]
    description: str
    row_count: int
    columns: tuple[str, ...]
    sample: list[tuple[Any, ...]]

    def __str__(self) -> str:
        rows = "; ".join(
            ", ".join(f"{name}={escape_control_chars(str(value))}" for name, value in zip(self.columns, row, strict=True))
            for row in self.sample
        )
        return f"{self.severity}: {self.check}: {self.description}: {self.row_count} row{'s' * (self.row_count != 1)}: {rows}"


def count_checks() -> int:
    """How many checks there are."""
    return len(files.files_in("checks"))


def run_checks(reader: Reader) -> list[CheckResult]:
    """Every check that found rows, errors first. Raises `LlmStatsError` for a check that cannot run or names no severity."""
    found = []
    for file in files.files_in("checks"):
        severity = re.search(r"^-- Severity: (error|warning)\b", file.text, re.MULTILINE)
        if severity is None:
            raise LlmStatsError(f"checks/{file.path.name}: the header needs a line `-- Severity: error` or `-- Severity: warning`")
        try:
            wrong = reader.query(file.text)
        except UsageError as error:
            raise LlmStatsError(f"checks/{file.path.name}: {' '.join(str(error).split())}") from None
        if wrong.rows:
            description = file.text.splitlines()[0].removeprefix("-- ").rstrip(".")
            weight: Literal["error", "warning"] = "error" if severity[1] == "error" else "warning"
            found.append(CheckResult(file.path.stem, weight, description, len(wrong.rows), wrong.columns, wrong.rows[:_SAMPLE_ROWS]))
    return sorted(found, key=lambda finding: finding.severity)


def require_known_checks(names: Collection[str]) -> None:
    """Raises `UsageError` for a name that is no check's."""
    known = [file.path.stem for file in files.files_in("checks")]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no check {name!r}; there are {', '.join(known)}")


def require_passing(reader: Reader, allowed_failures: Collection[str] = ()) -> list[CheckResult]:
    """The warnings on what is about to be published. Raises `CheckFailed`, with every error, if there is one that is not accepted."""
    try:
        found = run_checks(reader)
    except LlmStatsError as error:
        raise LlmStatsError(f"{error}; nothing was published") from None
    errors = [finding for finding in found if finding.severity == "error" and finding.check not in allowed_failures]
    if errors:
        broken = "\n".join(f"  {finding}" for finding in errors)
        way_out = "if the data is right, run again with " + " ".join(f"--allow-failure {finding.check}" for finding in errors)
        raise CheckFailed(f"nothing was published, for the new file breaks a check:\n{broken}\n{way_out}")
    return found
