"""Answers in columns: one Arrow table for each raw table, as a run loads them.

The source leaves lists to dlt, which makes their child tables row by row; a run makes them here, at a tenth of the cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any

import pyarrow as pa

from llm_stats.schema.fetch import FetchResult
from llm_stats.schema.tables import LIST_IDX, LOAD_ID, TABLES

_ARROW_TYPES = {
    "text": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "json": pa.string(),
}
_SCHEMAS = {
    table: pa.schema([pa.field(column.name, _ARROW_TYPES[column.data_type], column.nullable) for column in columns if column != LOAD_ID])
    for table, columns in TABLES.items()
}


def to_arrow(answers: Iterable[FetchResult]) -> dict[str, pa.Table]:
    """The rows of each raw table that answers bring, but for the id of the load; a table without rows is there, and empty."""
    answers = list(answers)
    rows = [answer.row for answer in answers if answer.row is not None]
    tables = {
        "models": pa.Table.from_pylist([dict(_flat(row)) for row in rows], _SCHEMAS["models"]),
        "fetches": pa.Table.from_pylist([answer.fetch.model_dump() for answer in answers], _SCHEMAS["fetches"]),
    }
    for table in _SCHEMAS.keys() - tables.keys():
        tables[table] = _children([row[table.removeprefix("models__")] for row in rows], _SCHEMAS[table])
    return tables


def _children(lists: list[list[dict[str, Any]]], schema: pa.Schema) -> pa.Table:
    """The rows of a child table: every row of a list holds every column but its place in the list."""
    names = [name for name in schema.names if name != LIST_IDX.name]
    columns = dict(zip(names, zip(*map(itemgetter(*names), chain.from_iterable(lists)), strict=True), strict=False))
    if "extra" in columns:
        columns["extra"] = [extra and _json(extra) for extra in columns["extra"]]
    columns[LIST_IDX.name] = list(chain.from_iterable(range(len(children)) for children in lists))
    return pa.Table.from_arrays([pa.array(columns.get(field.name, ()), field.type) for field in schema], schema=schema)


def _flat(row: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """Nested objects flattened with `__`, as dlt does; lists left out."""
    for name, value in row.items():
        if name == "extra":
            yield name, value and _json(value)
        elif isinstance(value, dict):
            yield from _flat(value, f"{path}{name}__")
        elif not isinstance(value, list):
            yield path + name, value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
