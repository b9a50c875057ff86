"""Mutants: single careless changes to a source file, such as `<` to `<=`."""

from __future__ import annotations

import ast
import difflib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from mutation import python_changes, sql_changes
from mutation.changes import Change

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """A change to a file; `path` is relative to the repository."""

    path: Path
    change: Change

    @property
    def original(self) -> str:
        return _text(self.path)

    @property
    def mutated(self) -> str:
        return self.change.apply(self.original)

    @property
    def line(self) -> int:
        return self.change.line(self.original)

    @property
    def lines(self) -> range:
        """Numbers of the lines that the change removes or replaces."""
        return range(self.line, self.original.count("\n", 0, self.change.end) + 2)

    @property
    def diff(self) -> list[str]:
        """The changed lines, each after `-` or `+`."""
        before, after = self.original.splitlines(), self.mutated.splitlines()
        first, unchanged_after = self.line - 1, len(before) - self.lines[-1]
        lines = difflib.ndiff(
            before[first : len(before) - unchanged_after],
            after[first : len(after) - unchanged_after],
        )
        return [f"{line[0]} {line[2:].strip()}" for line in lines if line[0] in "-+"]

    def is_valid(self) -> bool:
        """Return whether the mutated file can be parsed."""
        try:
            if self.path.suffix == ".py":
                ast.parse(self.mutated)
            else:
                duckdb.extract_statements(self.mutated)
        except (SyntaxError, ValueError, duckdb.Error):
            return False
        return True


@functools.cache
def _text(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield all mutants of a file, some of which may be invalid."""
    find = python_changes.find if path.suffix == ".py" else sql_changes.find
    for change in sorted(set(find(_text(path)))):
        yield Mutant(path, change)
