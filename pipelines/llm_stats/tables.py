"""The raw tables that follow from the record: columns, types, nullability and comments, derived and not written twice.

Scalars and nested objects of the record are columns of `models` (`organization__id`); each list is a child table, as dlt makes it.
"""

from __future__ import annotations

import datetime as dt
import json
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import duckdb
from pydantic import BaseModel

from llm_stats.record import Fetch, Provider, Record, Score
from llm_stats.sql import literal


@dataclass(frozen=True)
class Column:
    """A column of a raw table: dlt's name and data type, nullability, and what it means."""

    name: str
    data_type: str
    nullable: bool
    description: str

    @property
    def dlt_hint(self) -> dict[str, Any]:
        hint = {"name": self.name, "data_type": self.data_type, "nullable": self.nullable, "description": self.description}
        return {**hint, "timezone": False} if self.data_type == "timestamp" else hint

    @property
    def definition(self) -> str:
        """As DuckDB's `create table` takes it."""
        data_type = _DUCKDB_TYPES.get(self.data_type, self.data_type)
        return f"{self.name} {data_type}{'' if self.nullable else ' not null'}"


_DUCKDB_TYPES = {"text": "varchar", "bool": "boolean"}
_DATA_TYPES: dict[object, str] = {
    str: "text",
    bool: "bool",
    int: "bigint",
    float: "double",
    dt.datetime: "timestamp",
    dt.date: "date",
}


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    """`Annotated[float, …] | None` → `(float, True)`: the plain type, and whether it may be null."""
    if typing.get_origin(annotation) is Annotated:
        return _unwrap(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is Literal:
        return str, False
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        (inner,) = (part for part in typing.get_args(annotation) if part is not type(None))
        return _unwrap(inner)[0], True
    return annotation, False


def _columns(model: type[BaseModel], prefix: str = "", nullable: bool = False) -> Iterator[Column]:
    """The scalar fields of a class, nested objects flattened with `__` as dlt does; lists become child tables instead."""
    for name, field in model.model_fields.items():
        plain, may_be_null = _unwrap(field.annotation)
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            yield from _columns(plain, f"{prefix}{name}__", nullable or may_be_null)
        elif plain in _DATA_TYPES:
            yield Column(prefix + name, _DATA_TYPES[plain], nullable or may_be_null, field.description or "")


_MODEL_ID = Column("model_id", "text", False, "Model that the row belongs to")
_EXTRA = Column("extra", "json", True, "Fields that the API sent and its documentation does not name, as JSON; null: none")
_FETCHED_AT = Column("fetched_at", "timestamp", False, "When the record was fetched (UTC)")

#: The raw tables and their documented columns, in order. Children of `models` are named as dlt names nested tables.
TABLES: dict[str, list[Column]] = {
    "models": [*_columns(Record), _FETCHED_AT, _EXTRA],
    "models__providers": [_MODEL_ID, *_columns(Provider), _EXTRA],
    "models__scores": [_MODEL_ID, *_columns(Score), _EXTRA],
    "models__modalities": [_MODEL_ID, Column("modality", "text", False, "Kind of input or output, such as `text` or `image`")],
    "models__top_scores": [
        _MODEL_ID,
        Column("category", "text", False, "Category that the number stands for"),
        Column("score", "double", True, "Upstream's number for the category, in mixed units: never comparable"),
    ],
    "fetches": [*_columns(Fetch)],
}

#: One line on each raw table.
TABLE_COMMENTS: dict[str, str] = {
    "models": "One row per model: the record as last fetched. Lists of the record are child tables",
    "models__providers": "One row per entry of a model's provider list, in list order (`_dlt_list_idx`)",
    "models__scores": "One row per entry of a model's score list, in list order; a benchmark may occur more than once",
    "models__modalities": "One row per modality of a model",
    "models__top_scores": "One row per category of a model's `top_scores`. Mixed units: kept, never compared",
    "fetches": "One row per model asked for and run: what became of it",
}

_LOAD_ID = Column("_dlt_load_id", "text", False, "Load that wrote the row, by dlt")
_DLT_ID = Column("_dlt_id", "text", False, "Key of the row, by dlt; a row that is written anew gets a new one")
_ROOT_KEYS = [_LOAD_ID, _DLT_ID]
_NESTED_KEYS = [
    Column("_dlt_root_id", "text", False, "Row of `models` that the row belongs to, by dlt: its `_dlt_id`"),
    Column("_dlt_parent_id", "text", False, "Row that holds the list, by dlt: the same, for no list holds lists"),
    Column("_dlt_list_idx", "bigint", False, "Place in the record's list, from 0, by dlt; upstream's order means nothing"),
    _DLT_ID,
]


def all_columns(table: str) -> list[Column]:
    """The columns of a raw table: the documented ones, then dlt's own."""
    return TABLES[table] + (_NESTED_KEYS if "__" in table else _ROOT_KEYS)


def complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the raw tables that are missing, for dlt makes none of which no row has come, and explains every column in the database."""
    connection.execute("create schema if not exists raw")
    for table in TABLES:
        connection.execute(f"create table if not exists raw.{table} ({', '.join(c.definition for c in all_columns(table))})")
        _explain(connection, table, TABLE_COMMENTS[table], {column.name: column.description for column in all_columns(table)})
    for table, says, columns in _dlt_tables(connection):
        _explain(connection, table, says, columns)


def _explain(connection: duckdb.DuckDBPyConnection, table: str, says: str, columns: dict[str, str]) -> None:
    connection.execute(f"comment on table raw.{table} is {literal(says)}")
    for column, meaning in columns.items():
        connection.execute(f"comment on column raw.{table}.{column} is {literal(meaning)}")


def _dlt_tables(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The tables that dlt keeps for itself, in its own words: its newest schema, which one of them holds, describes them all."""
    if not connection.execute("select 1 from duckdb_tables() where schema_name = 'raw' and table_name = '_dlt_version'").fetchall():
        return
    ((schema,),) = connection.execute("select schema from raw._dlt_version order by version desc limit 1").fetchall()
    keys = {column.name: column.description for column in _ROOT_KEYS}
    for table, described in json.loads(schema)["tables"].items():
        if table not in TABLES:
            columns = {name: column.get("description") or keys.get(name, "") for name, column in described["columns"].items()}
            yield table, described.get("description") or "Kept by dlt for itself", columns
