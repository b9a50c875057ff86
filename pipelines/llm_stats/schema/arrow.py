"""Arrow tables made from fetch results and a read of the catalog: one for each raw table.

dlt normalizes an Arrow table as a whole. It normalizes dicts one by one, which takes ten times
as long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from llm_stats.schema.catalog import CatalogLoad
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


def _schema(columns: list[Column]) -> pa.Schema:
    return pa.schema([_field(column) for column in columns if column != LOAD_ID])


_JSON_COLUMNS = {"extra", "unreadable"}
_SCHEMAS = {table: _schema(columns) for table, columns in TABLES.items()}

#: Values for the required columns of a tombstone row (see `add_tombstones`), by type.
_EMPTY_VALUES = {
    pa.string(): "",
    pa.float64(): 0.0,
    pa.int64(): 0,
    pa.bool_(): False,
    pa.timestamp("us"): 0,
}


def to_arrow(results: Iterable[FetchResult]) -> dict[str, pa.Table]:
    """Return the fetch results as Arrow tables, by name of the raw table."""
    results = list(results)
    rows = [result.row for result in results if result.row is not None]
    fetches = [result.fetch.model_dump() for result in results]
    return _with_children("models", rows) | {
        "fetches": pa.Table.from_pylist(fetches, _SCHEMAS["fetches"])
    }


def catalog_to_arrow(catalog: CatalogLoad) -> dict[str, pa.Table]:
    """Return the Arrow tables of the catalog by name of the raw table."""
    rows = {
        "catalog_reads": [catalog.read.model_dump()],
        "catalog_missing": [{"model_id": model_id} for model_id in catalog.missing],
        "catalog_rejected": [
            {"model_id": model_id, "message": message}
            for model_id, message in catalog.rejected.items()
        ],
    }
    return _with_children("catalog_models", catalog.summaries) | {
        table: pa.Table.from_pylist(rows_of_table, _SCHEMAS[table])
        for table, rows_of_table in rows.items()
    }


def empty_tables() -> dict[str, pa.Table]:
    """Return an empty Arrow table for each raw table."""
    return {table: schema.empty_table() for table, schema in _SCHEMAS.items()}


def _with_children(parent: str, rows: list[dict[str, Any]]) -> dict[str, pa.Table]:
    """Return the table of the rows, and the child tables of the lists in the rows."""
    children = [table for table in _SCHEMAS if table.startswith(f"{parent}__")]
    return {parent: pa.Table.from_pylist([dict(_flat(row)) for row in rows], _SCHEMAS[parent])} | {
        table: _children([row[table.removeprefix(f"{parent}__")] for row in rows], _SCHEMAS[table])
        for table in children
    }


def add_tombstones(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables with the columns and rows that dlt needs to merge the child tables.

    Each child row gets the `fetched_at` of its model. dlt deletes the old child rows of a model
    only if the new child table contains the model. If the list of a model is empty, the model
    therefore gets one child row with `is_tombstone` set.
    """
    models = tables["models"]
    children = [name for name in tables if "__" in name]
    return tables | {name: _with_tombstones(tables[name], models) for name in children}


def _with_tombstones(children: pa.Table, models: pa.Table) -> pa.Table:
    fetched_at = models[FETCHED_AT.name].take(pc.index_in(children["model_id"], models["id"]))
    is_tombstone = pa.repeat(pa.scalar(False), len(children))
    rows = children.append_column(_field(FETCHED_AT), fetched_at)
    rows = rows.append_column(_field(IS_TOMBSTONE), is_tombstone)
    without_children = models.filter(pc.invert(pc.is_in(models["id"], children["model_id"])))
    columns = {field.name: _empty_column(field, len(without_children)) for field in rows.schema}
    columns["model_id"] = without_children["id"]
    columns[FETCHED_AT.name] = without_children[FETCHED_AT.name]
    columns[IS_TOMBSTONE.name] = pa.repeat(pa.scalar(True), len(without_children))
    return pa.concat_tables([rows, pa.table(columns, schema=rows.schema)])


def _empty_column(field: pa.Field, length: int) -> pa.Array:
    value = None if field.nullable else _EMPTY_VALUES[field.type]
    return pa.repeat(pa.scalar(value, field.type), length)


def _children(lists: list[list[dict[str, Any]]], schema: pa.Schema) -> pa.Table:
    """Return a child table, given one list of entries per model.

    The column `_dlt_list_idx` contains the position of each entry in its list.
    """
    names = [name for name in schema.names if name != LIST_IDX.name]
    columns = dict(
        zip(
            names,
            zip(*map(itemgetter(*names), chain.from_iterable(lists)), strict=True),
            strict=False,
        )
    )
    for name in columns.keys() & _JSON_COLUMNS:
        columns[name] = [value and _json(value) for value in columns[name]]
    columns[LIST_IDX.name] = list(chain.from_iterable(range(len(children)) for children in lists))
    return pa.Table.from_arrays(
        [pa.array(columns.get(field.name, ()), field.type) for field in schema], schema=schema
    )


def _flat(row: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield (column, value) for a row: flatten nested objects with `__`, and skip lists."""
    for name, value in row.items():
        if name in _JSON_COLUMNS:
            yield name, value and _json(value)
        elif isinstance(value, dict):
            yield from _flat(value, f"{path}{name}__")
        elif not isinstance(value, list):
            yield path + name, value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
