"""Runs the queries under `sql/checks`: each selects rows that should not exist."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llm_stats import sql
from llm_stats.errors import CheckFailed, LlmStatsError, UsageError
from llm_stats.reader import Reader

_SAMPLE_ROWS = 5


@dataclass(frozen=True)
class Finding:
    """A check that found rows: how many, and the first few."""

    check: str
    severity: Literal["error", "warning"]
    says: str
    row_count: int
    columns: tuple[str, ...]
    sample: list[tuple[Any, ...]]

    def __str__(self) -> str:
        rows = "; ".join(", ".join(f"{name}={value}" for name, value in zip(self.columns, row, strict=True)) for row in self.sample)
        return f"{self.severity}: {self.check}: {self.says}: {self.row_count} row{'s' * (self.row_count != 1)}: {rows}"


def count() -> int:
    """How many checks there are."""
    return len(sql.files("checks"))


def findings(reader: Reader) -> list[Finding]:
    """Every check that found rows, errors first. Raises `LlmStatsError` for a check that cannot run or names no severity."""
    found = []
    for file in sql.files("checks"):
        severity = re.search(r"^-- Severity: (error|warning)\b", file.text, re.MULTILINE)
        if severity is None:
            raise LlmStatsError(f"checks/{file.path.name}: the header needs a line `-- Severity: error` or `-- Severity: warning`")
        try:
            wrong = reader.query(file.text)
        except UsageError as error:
            raise LlmStatsError(f"checks/{file.path.name}: {' '.join(str(error).split())}") from None
        if wrong.rows:
            says = file.text.splitlines()[0].removeprefix("-- ").rstrip(".")
            weight: Literal["error", "warning"] = "error" if severity[1] == "error" else "warning"
            found.append(Finding(file.path.stem, weight, says, len(wrong.rows), wrong.columns, wrong.rows[:_SAMPLE_ROWS]))
    return sorted(found, key=lambda finding: finding.severity)


def require(database: Path, accepted: Collection[str] = ()) -> list[Finding]:
    """The warnings on a database. Raises `CheckFailed`, with every error, if there is one that is not accepted."""
    known = [file.path.stem for file in sql.files("checks")]
    for name in accepted:
        if name not in known:
            raise UsageError(f"there is no check {name!r}; there are {', '.join(known)}")
    with Reader(database) as reader:
        found = findings(reader)
    errors = [finding for finding in found if finding.severity == "error" and finding.check not in accepted]
    if errors:
        broken = "\n".join(f"  {finding}" for finding in errors)
        way_out = "if the data is right, run again with " + " ".join(f"--accept {finding.check}" for finding in errors)
        raise CheckFailed(f"nothing was published, for the new file breaks a check:\n{broken}\n{way_out}")
    return found
