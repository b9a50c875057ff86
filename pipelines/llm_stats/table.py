"""Query results: rows with named columns; conversion to dicts and JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, overload


def to_records(table: Table) -> list[dict[str, Any]]:
    """Return one dict of JSON values per row; repeated column names are numbered: `a`, `a_1`."""
    columns = unique_column_names(table.columns)
    return [dict(zip(columns, map(to_json_value, row), strict=True)) for row in table.rows]


def to_json_value(value: Any) -> Any:
    """Return a JSON value: times in ISO 8601, decimals as numbers, NaN and infinity as null."""
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
    """Rows with column names and DuckDB's type names; as a sequence, it has one dict per row.

    If `multiline` is set, the output keeps the line breaks inside values.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    multiline: bool = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_dicts())

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self.to_dicts()[index]

    def select(self, *columns: str) -> Table:
        """Return a table with only the given columns."""
        return self._select_indices([self.columns.index(column) for column in columns])

    def drop_empty_columns(self) -> Table:
        """Return a table without the columns that are null in every row."""
        indices = range(len(self.columns))
        return self._select_indices(
            [
                index
                for index in indices
                if not self.rows or any(row[index] is not None for row in self.rows)
            ]
        )

    def _select_indices(self, indices: list[int]) -> Table:
        columns, types, *rows = (
            tuple(row[index] for index in indices) for row in (self.columns, self.types, *self.rows)
        )
        return Table(columns, types, rows)

    def head(self, limit: int) -> Table:
        """Return a table with the first `limit` rows."""
        return replace(self, rows=self.rows[:limit])

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dict per row, with Python values."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def unique_column_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the column names; repeated names are numbered as in DuckDB: `a, a` → `a, a_1`."""
    unique: dict[str, None] = {}
    for name in names:
        candidate, suffix = name, 0
        while candidate in unique:
            suffix += 1
            candidate = f"{name}_{suffix}"
        unique[candidate] = None
    return tuple(unique)
