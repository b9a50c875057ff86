"""Descriptor of an export: a Data Package (version 2.0) of Frictionless Data.

`datapackage.json` names every file, its columns and its key, so that tools can read and validate
the export without further description:

    {"$schema": …, "name": "llm-stats", "load_id": …, "created": …, "attribution": …,
     "sources": […], "resources": [
      {"name": "marts.offers", "path": "marts/offers.parquet", "rows": 27, "schema": {
        "fields": [{"name": "model_id", "type": "string", "description": …}, …],
        "primaryKey": ["model_id", "provider_id", "offer_number"]}, …}, …]}

The specification: https://datapackage.org/standard/data-package/
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, Literal

from llm_stats.queries.attribution import SOURCE_NAME, SOURCE_URL, Attribution
from llm_stats.transform.files import find_relation

FileFormat = Literal["parquet", "csv"]
FILE_NAME = "datapackage.json"
ATTRIBUTION_FILE = "ATTRIBUTION.txt"
_NAME = "llm-stats"
_DESCRIPTION = (
    "Prices and benchmark scores of language models. Prices are list prices in US dollars per "
    "million tokens; times are UTC. No license is granted with the data: your plan at LLM Stats "
    "determines how you may use and redistribute it, and the free plan requires attribution."
)
_MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
#: DuckDB types, and the matching field types of Table Schema.
_FIELD_TYPES = {
    "boolean": "boolean",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "date": "date",
    "timestamp": "datetime",
    "varchar[]": "array",
}


def describe_package(
    load_id: str | None,
    loaded_at: dt.datetime | None,
    attribution: Attribution,
    resources: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the descriptor of an export with these resources.

    `load_id` and `loaded_at` (UTC) identify the newest load; None if there is no load.
    """
    source = {"title": SOURCE_NAME, "path": SOURCE_URL}
    sources = {} if attribution.is_sample else {"sources": [source]}
    created = {"created": f"{loaded_at.isoformat(timespec='seconds')}Z"} if loaded_at else {}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": _NAME,
        "title": "LLM prices and benchmark scores",
        "description": _DESCRIPTION,
        "load_id": load_id,
        **created,
        "attribution": attribution.text,
        **sources,
        "resources": resources,
    }


def describe_resource(
    address: str,
    output_format: FileFormat,
    comment: str,
    columns: list[dict[str, str]],
    rows: int,
) -> dict[str, Any]:
    """Return the descriptor of one exported table, such as `marts.offers`.

    `columns` has the name, the type in DuckDB and the description of each column.
    """
    relation = find_relation(address)
    key = relation.key if relation else ()
    fields = [
        {
            "name": column["name"],
            "type": (kind := _FIELD_TYPES.get(column["type"], "string")),
            **({"format": "any"} if (kind, output_format) == ("datetime", "csv") else {}),
            "description": column["description"],
        }
        for column in columns
    ]
    return {
        "name": address,
        "type": "table",
        "path": file_path(address, output_format),
        "description": comment,
        "format": output_format,
        "mediatype": _MEDIA_TYPES[output_format],
        "encoding": "utf-8",
        "rows": rows,
        "schema": {"fields": fields, **({"primaryKey": list(key)} if key else {})},
    }


def file_path(address: str, output_format: FileFormat) -> str:
    """Return the path of a table's file in the export: `marts/offers.parquet`."""
    return f"{address.replace('.', '/', 1)}.{output_format}"


def read_exported_files(folder: Path) -> set[str]:
    """Return the paths of the files of an earlier export, including descriptor and attribution.

    Return an empty set if the folder has no valid descriptor. The descriptor is `datapackage.json`,
    or `manifest.json` in exports of development versions before 0.1.0.
    """
    for name, read_paths in ((FILE_NAME, _package_paths), ("manifest.json", _manifest_paths)):
        try:
            if paths := read_paths(json.loads((folder / name).read_text("utf-8"))):
                return {name, ATTRIBUTION_FILE, *paths}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return set()


def _package_paths(descriptor: dict[str, Any]) -> list[str]:
    is_ours = descriptor["name"] == _NAME and "load_id" in descriptor
    return [resource["path"] for resource in descriptor["resources"]] if is_ours else []


def _manifest_paths(manifest: dict[str, Any]) -> list[str]:
    is_ours = {"load_id", "format"} <= manifest.keys()
    return [table["file"] for table in manifest["tables"].values()] if is_ours else []
