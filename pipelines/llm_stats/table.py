"""Query results: rows with named columns, and their JSON form."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


def to_records(table: Table) -> list[dict[str, Any]]:
    """The rows as JSON has them, each with its columns' names."""
    columns = unique_column_names(table.columns)
    return [dict(zip(columns, map(to_json_value, row), strict=True)) for row in table.rows]


def to_json_value(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, decimals as numbers, and what is no number (NaN, infinity) as null."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float | decimal.Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    if isinstance(value, dict):
        return {str(to_json_value(key)): to_json_value(item) for key, item in value.items()}
    return str(value)


@dataclass(frozen=True)
class Table:
    """Rows with named columns; `types` are DuckDB's. `keeps_lines`: text of several lines is meant to be shown so."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    multiline: bool = False

    def select(self, *columns: str) -> Table:
        """The same rows with some of the columns."""
        return self._at([self.columns.index(column) for column in columns])

    def drop_empty_columns(self) -> Table:
        """The same rows without the columns that are null in all of them."""
        return self._at([at for at in range(len(self.columns)) if not self.rows or any(row[at] is not None for row in self.rows)])

    def _at(self, places: list[int]) -> Table:
        columns, types, *rows = (tuple(row[place] for place in places) for row in (self.columns, self.types, *self.rows))
        return Table(columns, types, rows)

    def head(self, limit: int) -> Table:
        """The first rows."""
        return replace(self, rows=self.rows[:limit])


def unique_column_names(names: Iterable[str]) -> tuple[str, ...]:
    """`a, a` → `a, a_1`, as DuckDB names the columns of a table made of them: under one name, one of the two would be lost."""
    taken: dict[str, None] = {}
    for name in names:
        free, again = name, 0
        while free in taken:
            again += 1
            free = f"{name}_{again}"
        taken[free] = None
    return tuple(taken)
