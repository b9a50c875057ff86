"""The raw tables that follow from the record: columns, types, nullability and comments, derived and not written twice.

Scalars and nested objects of the record are columns of `models` (`organization__id`); each list is a child table. Names are dlt's, so that
`sql/` reads what a run loads and what the source alone loads.
"""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from llm_stats.schema.fetch import Fetch
from llm_stats.schema.record import Provider, Record, Score


@dataclass(frozen=True)
class Column:
    """A column of a raw table: dlt's name and data type, nullability, and what it means."""

    name: str
    data_type: str
    nullable: bool
    description: str

    @property
    def dlt_hint(self) -> dict[str, Any]:
        """Return dlt's column hint for the Arrow column that `schema.arrow` makes.

        Times are UTC without a zone; dlt would read them as times in the machine's zone. JSON is
        text: with the data type `json`, dlt logs a warning for each page of text.
        """
        data_type = "text" if self.data_type == "json" else self.data_type
        hint = {
            "name": self.name,
            "data_type": data_type,
            "nullable": self.nullable,
            "description": self.description,
        }
        return {**hint, "timezone": False} if data_type == "timestamp" else hint

    @property
    def sql_type(self) -> str:
        """Return DuckDB's name of the data type."""
        return {"text": "varchar", "bool": "boolean"}.get(self.data_type, self.data_type)


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
            yield Column(
                prefix + name, _DATA_TYPES[plain], nullable or may_be_null, field.description or ""
            )


_MODEL_ID = Column("model_id", "text", False, "Model that the row belongs to")
_CONTENT_HASH = Column(
    "content_hash",
    "text",
    False,
    "Hash of the record as it came; the same hash as before: nothing has changed",
)
_COUNTS = [
    Column(
        f"{entry}_count",
        "bigint",
        False,
        f"Entries of the record's `{field}` when it came, so that a lost row shows",
    )
    for entry, field in (
        ("provider", "providers"),
        ("score", "scores"),
        ("modality", "modalities"),
        ("top_score", "top_scores"),
    )
]
_EXTRA = Column(
    "extra",
    "json",
    True,
    "Fields that the API sent and its documentation does not name, as JSON; null: none",
)
FETCHED_AT = Column("fetched_at", "timestamp", False, "When the record was fetched (UTC)")
LIST_IDX = Column(
    "_dlt_list_idx",
    "bigint",
    False,
    "Place in the record's list, from 0; upstream's order means nothing",
)
LOAD_ID = Column("_dlt_load_id", "text", False, "Load that wrote the row")
#: Only in the child tables that dlt merges: `load.merge` needs no tombstones.
IS_TOMBSTONE = Column(
    "is_tombstone", "bool", False, "True: the list is empty; the row is not an entry"
)

#: The raw tables and their documented columns, in order. Children of `models` are named as dlt names nested tables.
TABLES: dict[str, list[Column]] = {
    "models": [*_columns(Record), FETCHED_AT, _CONTENT_HASH, *_COUNTS, _EXTRA, LOAD_ID],
    "models__providers": [_MODEL_ID, *_columns(Provider), _EXTRA, LIST_IDX],
    "models__scores": [_MODEL_ID, *_columns(Score), _EXTRA, LIST_IDX],
    "models__modalities": [
        _MODEL_ID,
        Column("modality", "text", False, "Kind of input or output, such as `text` or `image`"),
        LIST_IDX,
    ],
    "models__top_scores": [
        _MODEL_ID,
        Column("category", "text", False, "Category that the number stands for"),
        Column(
            "score",
            "double",
            True,
            "Upstream's number for the category, in mixed units: never comparable",
        ),
        LIST_IDX,
    ],
    "fetches": [*_columns(Fetch), LOAD_ID],
}

#: The key of each raw table. A list may repeat a provider or a benchmark, so the place is the key.
KEYS: dict[str, tuple[str, ...]] = {
    "models": ("id",),
    "models__providers": ("model_id", LIST_IDX.name),
    "models__scores": ("model_id", LIST_IDX.name),
    "models__modalities": ("model_id", LIST_IDX.name),
    "models__top_scores": ("model_id", "category"),
    "fetches": (LOAD_ID.name, "model_id"),
}

#: dlt's own tables, with which dlt opens the schema `raw` as a dataset. Their times are UTC without
#: a zone, unlike those that dlt makes: Python's DuckDB 1.x cannot fetch zoned times without pytz.
DLT_TABLES: dict[str, list[Column]] = {
    "_dlt_version": [
        Column("version", "bigint", False, "Number of the schema version"),
        Column("engine_version", "bigint", False, "Version of dlt's schema format"),
        Column("inserted_at", "timestamp", False, "When the schema was stored (UTC)"),
        Column("schema_name", "text", False, "Name of the schema"),
        Column("version_hash", "text", False, "Hash of the schema"),
        Column("schema", "text", False, "The schema as JSON"),
    ],
    "_dlt_loads": [
        Column("load_id", "text", False, "Load"),
        Column("schema_name", "text", True, "Name of the schema of the load"),
        Column("status", "bigint", False, "0: complete"),
        Column("inserted_at", "timestamp", False, "When the load was completed (UTC)"),
        Column("schema_version_hash", "text", True, "Hash of the schema of the load"),
    ],
    "_dlt_pipeline_state": [
        Column("version", "bigint", False, "Number of the state version"),
        Column("engine_version", "bigint", False, "Version of dlt's state format"),
        Column("pipeline_name", "text", False, "Name of the pipeline"),
        Column("state", "text", False, "The state as JSON, compressed and encoded in base64"),
        Column("created_at", "timestamp", False, "When the state was stored (UTC)"),
        Column("version_hash", "text", True, "Hash of the state"),
        Column("_dlt_load_id", "text", False, "Load that stored the state"),
        Column("_dlt_id", "text", False, "Row id"),
    ],
}

#: One line on each raw table.
TABLE_COMMENTS: dict[str, str] = {
    "models": "One row per model: the record as last fetched. Lists of the record are child tables",
    "models__providers": "One row per entry of a model's provider list, in list order (`_dlt_list_idx`)",
    "models__scores": "One row per entry of a model's score list, in list order; a benchmark may occur more than once",
    "models__modalities": "One row per modality of a model",
    "models__top_scores": "One row per category of a model's `top_scores`. Mixed units: kept, never compared",
    "fetches": "One row per model asked for and run: what became of it",
    "_dlt_version": "dlt: the schema of the last load",
    "_dlt_loads": "dlt: one row per run",
    "_dlt_pipeline_state": "dlt: the pipeline's state after the last load",
}
