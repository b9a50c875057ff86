"""Runs the queries under `sql/checks`: each selects rows that should not exist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from llm_stats.errors import CheckFailed, LlmStatsError, UsageError
from llm_stats.terminal import safe
from llm_stats.transform import files
from llm_stats.warehouse.reader import Reader

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
        rows = "; ".join(
            ", ".join(f"{name}={safe(str(value))}" for name, value in zip(self.columns, row, strict=True)) for row in self.sample
        )
        return f"{self.severity}: {self.check}: {self.says}: {self.row_count} row{'s' * (self.row_count != 1)}: {rows}"


def count() -> int:
    """How many checks there are."""
    return len(files.files("checks"))


def findings(reader: Reader) -> list[Finding]:
    """Every check that found rows, errors first. Raises `LlmStatsError` for a check that cannot run or names no severity."""
    found = []
    for file in files.files("checks"):
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


def require_known(names: Collection[str]) -> None:
    """Raises `UsageError` for a name that is no check's."""
    known = [file.path.stem for file in files.files("checks")]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no check {name!r}; there are {', '.join(known)}")


def require(reader: Reader, accepted: Collection[str] = ()) -> list[Finding]:
    """The warnings on what is about to be published. Raises `CheckFailed`, with every error, if there is one that is not accepted."""
    try:
        found = findings(reader)
    except LlmStatsError as error:
        raise LlmStatsError(f"{error}; nothing was published") from None
    errors = [finding for finding in found if finding.severity == "error" and finding.check not in accepted]
    if errors:
        broken = "\n".join(f"  {finding}" for finding in errors)
        way_out = "if the data is right, run again with " + " ".join(f"--accept {finding.check}" for finding in errors)
        raise CheckFailed(f"nothing was published, for the new file breaks a check:\n{broken}\n{way_out}")
    return found


@contextmanager
def ready(reader: Reader) -> Iterator[Reader]:
    """The same warehouse, made ready for the checks."""
    if reader.engine_name is None:
        with ComputedOnce(reader.database) as computed:
            yield computed
    else:
        yield reader


class ComputedOnce(Reader):
    """A warehouse whose marts are tables in memory: the checks ask each of them many times, and marts build on one another."""

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"preserve_insertion_order": "false"})
        connection.execute(f"attach {files.literal(str(self.database))} as file (read_only)")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        for schema in ("raw", "staging", "history", "marts"):
            connection.execute(f"create schema {schema}")
        tables = "select schema_name, table_name from duckdb_tables() where database_name = 'file' and schema_name in ('raw', 'history')"
        for schema, name in connection.execute(tables).fetchall():
            connection.execute(f'create view {schema}."{name}" as from file.{schema}."{name}"')
        views = "select schema_name || '.' || view_name, sql from duckdb_views() where database_name = 'file'"
        definitions = dict(connection.execute(views).fetchall())
        for address in (file.address for file in files.in_order() if file.layer in ("staging", "marts")):
            if address not in definitions:
                raise UsageError(f"{self.database} has no {address}, so it is of another version; the next run makes its views anew")
            definition = definitions[address]
            connection.execute(definition.replace("CREATE VIEW", "CREATE TABLE", 1) if address.startswith("marts.") else definition)
        return connection
