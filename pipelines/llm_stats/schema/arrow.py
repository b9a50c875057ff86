"""Fetch results as Arrow tables: one for each raw table.

dlt would normalize nested lists row by row, which takes ten times as long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from llm_stats.schema.fetch import FetchResult
from llm_stats.schema.tables import FETCHED_AT, IS_TOMBSTONE, LIST_IDX, LOAD_ID, TABLES, Column

_ARROW_TYPES = {
    "text": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "json": pa.string(),
}


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, _ARROW_TYPES[column.data_type], column.nullable)


_SCHEMAS = {table: pa.schema([_field(column) for column in columns if column != LOAD_ID]) for table, columns in TABLES.items()}


#: Values of the required columns of a tombstone.
_EMPTY_VALUES = {pa.string(): "", pa.float64(): 0.0, pa.int64(): 0, pa.bool_(): False, pa.timestamp("us"): 0}


def to_arrow(results: Iterable[FetchResult]) -> dict[str, pa.Table]:
    """Return the rows of each raw table, without the load id; a table without rows is empty."""
    results = list(results)
    rows = [result.row for result in results if result.row is not None]
    tables = {
        "models": pa.Table.from_pylist([dict(_flat(row)) for row in rows], _SCHEMAS["models"]),
        "fetches": pa.Table.from_pylist([result.fetch.model_dump() for result in results], _SCHEMAS["fetches"]),
    }
    for table in _SCHEMAS.keys() - tables.keys():
        tables[table] = _children([row[table.removeprefix("models__")] for row in rows], _SCHEMAS[table])
    return tables


def add_tombstones(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables with all that dlt needs to merge the child tables.

    Each child row gets the `fetched_at` of its model. A model whose list is empty gets one row with
    `is_tombstone` set: a merge deletes only the old rows of models that have a row in the load.
    """
    models = tables["models"]
    return {name: _with_tombstones(rows, models) if "__" in name else rows for name, rows in tables.items()}


def _with_tombstones(children: pa.Table, models: pa.Table) -> pa.Table:
    emptied = models.filter(pc.invert(pc.is_in(models["id"], children["model_id"])))
    known: dict[str, Any] = {
        "model_id": emptied["id"],
        FETCHED_AT.name: emptied[FETCHED_AT.name],
        IS_TOMBSTONE.name: pa.repeat(pa.scalar(True), len(emptied)),
    }
    fetched_at = models[FETCHED_AT.name].take(pc.index_in(children["model_id"], models["id"]))
    children = children.append_column(_field(FETCHED_AT), fetched_at)
    children = children.append_column(_field(IS_TOMBSTONE), pa.repeat(pa.scalar(False), len(children)))
    columns = [
        known.get(field.name, pa.repeat(pa.scalar(None if field.nullable else _EMPTY_VALUES[field.type], field.type), len(emptied)))
        for field in children.schema
    ]
    return pa.concat_tables([children, pa.Table.from_arrays(columns, schema=children.schema)])


def _children(lists: list[list[dict[str, Any]]], schema: pa.Schema) -> pa.Table:
    """Return the rows of a child table; each row of a list has all columns except its place in the list."""
    names = [name for name in schema.names if name != LIST_IDX.name]
    columns = dict(zip(names, zip(*map(itemgetter(*names), chain.from_iterable(lists)), strict=True), strict=False))
    if "extra" in columns:
        columns["extra"] = [extra and _json(extra) for extra in columns["extra"]]
    columns[LIST_IDX.name] = list(chain.from_iterable(range(len(children)) for children in lists))
    return pa.Table.from_arrays([pa.array(columns.get(field.name, ()), field.type) for field in schema], schema=schema)


def _flat(row: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the columns of a row: nested objects flattened with `__`, as dlt does, without lists."""
    for name, value in row.items():
        if name == "extra":
            yield name, value and _json(value)
        elif isinstance(value, dict):
            yield from _flat(value, f"{path}{name}__")
        elif not isinstance(value, list):
            yield path + name, value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
