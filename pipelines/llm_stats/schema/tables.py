"""The raw tables: columns, types, nullability and comments, derived from the record's contract.

Scalars and nested objects of the record are columns of `models` (`organization__id`); each list is
a child table. Names follow dlt's naming convention, so the queries in `sql/` work both on tables
loaded by `llm-stats run` and on tables that another pipeline loads with the dlt source.
"""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from llm_stats.schema.catalog import CatalogRead
from llm_stats.schema.fetch import Fetch
from llm_stats.schema.record import Provider, Record, Score, Summary


@dataclass(frozen=True)
class Column:
    """A column of a raw table: dlt's name and data type, nullability, description."""

    name: str
    data_type: str
    nullable: bool
    description: str

    @property
    def dlt_hint(self) -> dict[str, Any]:
        """Return dlt's column hint for the Arrow column that `schema.arrow` makes.

        Times are in UTC without a time zone. Without the hint `timezone`, dlt would read them as
        local times. JSON columns have the type `text`. With the type `json`, dlt would log a
        warning for each page, because the Arrow column contains text.
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
    """Return the type without None, and whether None was part of it.

    `Usd | None` → `(float, True)`.
    """
    if typing.get_origin(annotation) is Annotated:
        return _unwrap(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is Literal:
        return str, False
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        (inner,) = (part for part in typing.get_args(annotation) if part is not type(None))
        return _unwrap(inner)[0], True
    return annotation, False


def _columns(model: type[BaseModel], prefix: str = "", nullable: bool = False) -> Iterator[Column]:
    """Yield the scalar fields of a class; nested objects are flattened with `__` as dlt does.

    Lists are skipped, because they become child tables.
    """
    for name, field in model.model_fields.items():
        plain_type, is_optional = _unwrap(field.annotation)
        if isinstance(plain_type, type) and issubclass(plain_type, BaseModel):
            yield from _columns(plain_type, f"{prefix}{name}__", nullable or is_optional)
        elif plain_type in _DATA_TYPES:
            data_type = _DATA_TYPES[plain_type]
            description = field.description or ""
            yield Column(prefix + name, data_type, nullable or is_optional, description)


_MODEL_ID = Column("model_id", "text", False, "Id of the model that the row belongs to")
_CONTENT_HASH = Column(
    "content_hash",
    "text",
    False,
    "Hash of the record as received; equal hashes mean an unchanged record",
)
_SUMMARY_CONTENT_HASH = Column(
    "content_hash",
    "text",
    False,
    "Hash of the documented fields of the summary, with sorted lists; equal hashes mean an "
    "unchanged summary",
)
_SUMMARY_HASH = Column(
    "summary_hash",
    "text",
    True,
    "`content_hash` of the model's summary when the record was requested; null if there was no "
    "summary, if the record came from the response cache, or if it was older than the summary",
)


_ETAG = Column(
    "etag",
    "text",
    True,
    "Header `ETag` of the response with the record, which makes the next request conditional; null "
    "if the response had none, and after a migration",
)
_LAST_MODIFIED = Column(
    "last_modified",
    "text",
    True,
    "Header `Last-Modified` of the response with the record, used if there is no ETag; null if the "
    "response had none, and after a migration",
)


def _count(entry: str, field: str) -> Column:
    return Column(
        f"{entry}_count",
        "bigint",
        False,
        f"Number of entries of `{field}`; a check compares it with the number of rows",
    )


_SUMMARY_COUNTS = [
    _count("provider", "providers"),
    _count("modality", "modalities"),
    _count("top_score", "top_scores"),
]
_EXTRA = Column(
    "extra",
    "json",
    True,
    "Undocumented fields that the API sent, as JSON; null if there are none",
)
_UNREADABLE = Column(
    "unreadable",
    "json",
    True,
    "Values that could not be read, and texts with lone surrogates, as JSON: path of the field and "
    "the text that the API sent; null if there are none",
)
FETCHED_AT = Column(
    "fetched_at",
    "timestamp",
    False,
    "When the record was fetched, or last found unchanged (UTC)",
)
LIST_IDX = Column(
    "_dlt_list_idx",
    "bigint",
    False,
    "Position in the record's list, from 0; the upstream order is not meaningful",
)
LOAD_ID = Column("_dlt_load_id", "text", False, "Id of the load that last wrote the row")
#: Extra column of the child tables, used only in a user's own pipeline: see
#: `schema.arrow.add_tombstones`.
IS_TOMBSTONE = Column(
    "is_tombstone", "bool", False, "True if the row marks an empty list instead of an entry"
)

READ_AT = Column(
    "read_at",
    "timestamp",
    False,
    "Start of the read of the catalog that first returned the current summary (UTC)",
)
_MODALITIES = [
    _MODEL_ID,
    Column("modality", "text", False, "Kind of input or output, such as `text` or `image`"),
    LIST_IDX,
]
_TOP_SCORES = [
    _MODEL_ID,
    Column("category", "text", False, "Category of the upstream number"),
    Column(
        "score",
        "double",
        True,
        "Upstream's number for the category, in mixed units: never comparable",
    ),
    LIST_IDX,
]

#: The raw tables of records and their documented columns, in order. Child tables have dlt's names.
RECORD_TABLES: dict[str, list[Column]] = {
    "models": [
        *_columns(Record),
        FETCHED_AT,
        _CONTENT_HASH,
        _SUMMARY_HASH,
        _ETAG,
        _LAST_MODIFIED,
        *_SUMMARY_COUNTS,
        _count("score", "scores"),
        _EXTRA,
        _UNREADABLE,
        LOAD_ID,
    ],
    "models__providers": [_MODEL_ID, *_columns(Provider), _EXTRA, LIST_IDX],
    "models__scores": [_MODEL_ID, *_columns(Score), _EXTRA, _UNREADABLE, LIST_IDX],
    "models__modalities": _MODALITIES,
    "models__top_scores": _TOP_SCORES,
    "fetches": [*_columns(Fetch), LOAD_ID],
}

#: The raw tables of the catalog. Only runs fill them; the dlt source does not.
CATALOG_TABLES: dict[str, list[Column]] = {
    "catalog_models": [
        *_columns(Summary),
        READ_AT,
        _SUMMARY_CONTENT_HASH,
        *_SUMMARY_COUNTS,
        _EXTRA,
        _UNREADABLE,
        LOAD_ID,
    ],
    "catalog_models__providers": RECORD_TABLES["models__providers"],
    "catalog_models__modalities": _MODALITIES,
    "catalog_models__top_scores": _TOP_SCORES,
    "catalog_reads": [*_columns(CatalogRead), LOAD_ID],
    "catalog_missing": [_MODEL_ID, LOAD_ID],
    "catalog_rejected": [
        _MODEL_ID,
        Column("message", "text", False, "The first invalid field, and why it is invalid"),
        LOAD_ID,
    ],
}

#: All raw tables except dlt's own tables.
TABLES = RECORD_TABLES | CATALOG_TABLES

#: The key of each raw table. A record may list a provider or a benchmark twice, so the position in
#: the list is part of the key.
KEYS: dict[str, tuple[str, ...]] = {
    "models": ("id",),
    "models__providers": ("model_id", LIST_IDX.name),
    "models__scores": ("model_id", LIST_IDX.name),
    "models__modalities": ("model_id", LIST_IDX.name),
    "models__top_scores": ("model_id", "category"),
    "fetches": (LOAD_ID.name, "model_id"),
    "catalog_models": ("id",),
    "catalog_models__providers": ("model_id", LIST_IDX.name),
    "catalog_models__modalities": ("model_id", LIST_IDX.name),
    "catalog_models__top_scores": ("model_id", "category"),
    "catalog_reads": (LOAD_ID.name,),
    "catalog_missing": ("model_id",),
    "catalog_rejected": ("model_id",),
}

#: dlt's own tables, which dlt needs to open the schema `raw` as a dataset. Unlike in dlt, the time
#: columns have no time zone: DuckDB 1.x for Python needs pytz to fetch times with a time zone.
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
        Column("load_id", "text", False, "Id of the load"),
        Column("schema_name", "text", True, "Name of the schema of the load"),
        Column("status", "bigint", False, "Status of the load; 0: complete"),
        Column("inserted_at", "timestamp", False, "When the load was completed (UTC)"),
        Column("schema_version_hash", "text", True, "Hash of the schema of the load"),
    ],
    "_dlt_pipeline_state": [
        Column("version", "bigint", False, "Number of the state version"),
        Column("engine_version", "bigint", False, "Version of dlt's state format"),
        Column("pipeline_name", "text", False, "Name of the pipeline"),
        Column("state", "text", False, "State as JSON, compressed and encoded in base64"),
        Column("created_at", "timestamp", False, "When the state was stored (UTC)"),
        Column("version_hash", "text", True, "Hash of the state"),
        Column("_dlt_load_id", "text", False, "Id of the load that stored the state"),
        Column("_dlt_id", "text", False, "Id of the row"),
    ],
}

#: Comment on each raw table.
TABLE_COMMENTS: dict[str, str] = {
    "models": "One row per model: the record as last fetched. Lists of the record are child tables",
    "models__providers": "One row per entry of a model's provider list; order: `_dlt_list_idx`",
    "models__scores": "One row per entry of a model's score list; order: `_dlt_list_idx`. "
    "A benchmark may occur more than once",
    "models__modalities": "One row per modality of a model",
    "models__top_scores": "One row per model and category of `top_scores`. "
    "Mixed units: never compare them",
    "fetches": "One row per requested model and run: the outcome",
    "catalog_models": "One row per model: its summary as last read from the catalog. Lists of the "
    "summary are child tables",
    "catalog_models__providers": "One row per entry of the provider list in a model's summary; "
    "order: `_dlt_list_idx`",
    "catalog_models__modalities": "One row per modality in a model's summary",
    "catalog_models__top_scores": "One row per model and category of `top_scores` in its summary. "
    "Mixed units: never compare them",
    "catalog_reads": "One row per read of the catalog: its size, and whether it was complete",
    "catalog_missing": "One row per model of the warehouse that the last trusted read of the "
    "catalog did not list",
    "catalog_rejected": "One row per summary that violates the contract, in the pages of the last "
    "read of the catalog",
    "_dlt_version": "dlt: the schema of the last load",
    "_dlt_loads": "dlt: one row per run",
    "_dlt_pipeline_state": "dlt: the pipeline's state after the last load",
}
