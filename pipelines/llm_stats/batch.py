"""Answers in columns: one Arrow table for each raw table, as a run loads them.

The source leaves lists to dlt, which makes their child tables row by row; a run makes them here, at a tenth of the cost.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from llm_stats.client import Answer
from llm_stats.tables import LOAD_ID, TABLES

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


def arrow_tables(answers: Iterable[Answer]) -> dict[str, pa.Table]:
    """The rows of each raw table that answers bring, but for the id of the load; a table without rows is there, and empty."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for answer in answers:
        rows["fetches"].append(answer.fetch.model_dump())
        if answer.row is None:
            continue
        rows["models"].append(dict(_flat(answer.row)))
        for name, children in answer.row.items():
            if isinstance(children, list):
                rows[f"models__{name}"] += [_numbered(child, place) for place, child in enumerate(children)]
    return {table: pa.Table.from_pylist(rows[table], schema) for table, schema in _SCHEMAS.items()}


def _numbered(child: dict[str, Any], place: int) -> dict[str, Any]:
    extra = {"extra": _json(child["extra"])} if "extra" in child else {}
    return {**child, **extra, "_dlt_list_idx": place}


def _flat(row: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """Nested objects flattened with `__`, as dlt does; lists left out."""
    for name, value in row.items():
        if name == "extra":
            yield name, _json(value)
        elif isinstance(value, dict):
            yield from _flat(value, f"{path}{name}__")
        elif not isinstance(value, list):
            yield path + name, value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
