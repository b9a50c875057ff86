"""Comments on tables, views and columns: declared in files, or inherited by views."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from llm_stats.connection import Connection
from llm_stats.schema.tables import DLT_TABLES, TABLE_COMMENTS, TABLES
from llm_stats.text import sql_literal
from llm_stats.transform.files import SCHEMAS, SqlFile, in_build_order

_COMMENT = re.compile(r"^comment on (?:view|table|column) ([\w.]+) is '(.*)';$", re.MULTILINE)


def comment_inherited(connection: Connection, files: list[SqlFile]) -> None:
    """Set the inherited comment of each column that has no comment in `sql/`."""
    columns = columns_by_relation(connection)
    texts = comments(columns, files)
    for file in files:
        for column in columns.get(file.address, ()):
            address = f"{file.address}.{column}"
            if address in texts and f"comment on column {address} is" not in file.text:
                connection.execute(f"comment on column {address} is {sql_literal(texts[address])}")


def comments(
    columns: Mapping[str, Collection[str]], files: Iterable[SqlFile] | None = None
) -> dict[str, str]:
    """Return the comments on tables, views and columns: `{"marts.offers": "One row per …", …}`.

    `columns` lists the columns of every relation: `{"marts.offers": ["model_id", …]}`. A column
    without a comment inherits the comment of a column with the same name. The first relation under
    `Reads:` that has this column is used.
    """
    texts = _raw_comments()
    for file in files or in_build_order():
        matches = _COMMENT.findall(file.text)
        texts |= {address: text.replace("''", "'") for address, text in matches}
        for column in columns.get(file.address, ()):
            if f"{file.address}.{column}" not in texts and (
                source := _source(file, column, columns)
            ):
                texts[f"{file.address}.{column}"] = texts[source]
    return texts


def _source(file: SqlFile, column: str, columns: Mapping[str, Collection[str]]) -> str | None:
    """Return the column whose comment `column` inherits, such as `history.offers.status`."""
    for address in file.declared("Reads").split(", "):
        if column in columns.get(address, ()):
            return f"{address}.{column}"
    return None


def _raw_comments() -> dict[str, str]:
    tables = {f"raw.{table}": comment for table, comment in TABLE_COMMENTS.items()}
    return tables | {
        f"raw.{table}.{column.name}": column.description
        for table, described in (TABLES | DLT_TABLES).items()
        for column in described
    }


def columns_by_relation(connection: Connection) -> dict[str, list[str]]:
    """Return the columns of every relation: `{"marts.offers": ["model_id", …]}`."""
    schemas = ", ".join(map(sql_literal, ("raw", *SCHEMAS.values())))
    query = f"""
        select table_schema, table_name, column_name from information_schema.columns
        where table_catalog = current_database() and table_schema in ({schemas})
        order by table_schema, table_name, ordinal_position
    """
    columns: dict[str, list[str]] = {}
    for schema, table, column in connection.execute(query).rows:
        columns.setdefault(f"{schema}.{table}", []).append(column)
    return columns
