"""Sources of a dbt project: the schema `marts` with descriptions and data tests, as YAML.

    version: 2
    sources:
    - name: llm_stats
      database: llm_stats
      schema: marts
      tables:
      - name: offers
        description: "One row per current offer: …"
        columns:
        - name: model_id
          data_type: varchar
          description: …
          data_tests: [not_null]

The form is that of dbt 1.10 and later: https://docs.getdbt.com/reference/source-properties
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from llm_stats.transform.files import find_relation
from llm_stats.warehouse.reader import Described, Reader

#: Name of the source, and alias under which a project attaches the DuckDB file.
_NAME = "llm_stats"
_SCHEMA = "marts"
_DESCRIPTION = (
    "LLM prices and benchmark scores, published by llm-stats. "
    "Data: LLM Stats (https://llm-stats.com)."
)
#: Expressions for `dbt source freshness`, by view. Reads of the catalog count as loads too.
_LOADED_AT = {"freshness": "greatest(listed_at, fetched_at)"}


def dbt_sources(reader: Reader, *, has_dbt_utils: bool) -> str:
    """Return the `sources.yml` of a warehouse.

    Key columns are tested with `not_null`, and a key of one column with `unique`. If the dbt
    project has the package `dbt_utils`, keys of several columns are tested too.
    """
    tables = [
        _table(reader, relation, has_dbt_utils)
        for relation in reader.relations()
        if relation.schema == _SCHEMA and relation.kind != "macro"
    ]
    # dbt attaches a DuckDB file under an alias; on other engines, it connects to the warehouse
    database = {} if reader.engine_name else {"database": _NAME}
    source = {"name": _NAME, **database, "schema": _SCHEMA, "description": _DESCRIPTION}
    document = {"version": 2, "sources": [{**source, "tables": tables}]}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _table(reader: Reader, relation: Described, has_dbt_utils: bool) -> dict[str, Any]:
    """Return the entry of one view under `tables`."""
    declared = find_relation(f"{relation.schema}.{relation.name}")
    key = declared.key if declared else ()
    table: dict[str, Any] = {"name": relation.name, "description": _plain(relation.comment)}
    if relation.name in _LOADED_AT:
        table["config"] = {"loaded_at_field": _LOADED_AT[relation.name]}
    if has_dbt_utils and len(key) > 1:
        arguments = {"combination_of_columns": list(key)}
        test = {"dbt_utils.unique_combination_of_columns": {"arguments": arguments}}
        table["data_tests"] = [test]
    _, columns = reader.describe(f"{relation.schema}.{relation.name}")
    table["columns"] = [_column(row, key) for row in columns.rows]
    return table


def _column(row: tuple[Any, ...], key: tuple[str, ...]) -> dict[str, Any]:
    """Return the entry of one column; `row` contains `column, type, meaning`."""
    name, kind, meaning = row
    column = {"name": name, "data_type": kind.lower(), "description": _plain(meaning or "")}
    tests = (["not_null"] if name in key else []) + (["unique"] if key == (name,) else [])
    return column | ({"data_tests": tests} if tests else {})


def _plain(text: str) -> str:
    """Escape Jinja syntax, because dbt renders descriptions with Jinja: `{{` → `{ {`."""
    return re.sub(r"\{(?=[{%#])", "{ ", text)
