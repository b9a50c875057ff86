"""Raw tables: creating them, and merging the tables of one load into them.

dlt loads into a separate schema, `incoming`. The merge into `raw` runs in the transaction that
also updates the history. For each record and each summary in the load, the merge replaces the
model's row, and its child rows if they changed. The rows of other models stay.
"""

from __future__ import annotations

from llm_stats.connection import Connection
from llm_stats.schema.tables import DLT_TABLES, LOAD_ID, TABLE_COMMENTS, TABLES, Column
from llm_stats.text import sql_literal

INCOMING = "incoming"


def create_raw_tables(connection: Connection) -> None:
    """Create missing raw tables; comment on all tables and columns."""
    connection.execute("create schema if not exists raw")
    for table, columns in (TABLES | DLT_TABLES).items():
        types = ", ".join(map(_definition, columns))
        connection.execute(f"create table if not exists raw.{table} ({types})")
        connection.execute(f"comment on table raw.{table} is {sql_literal(TABLE_COMMENTS[table])}")
        for column in columns:
            text = sql_literal(column.description)
            connection.execute(f"comment on column raw.{table}.{column.name} is {text}")


def merge_incoming(connection: Connection, load_id: str, incoming: str = INCOMING) -> None:
    """Merge the tables of one load from the schema `incoming` into `raw`.

    Child rows are rewritten only if the content hash of their record or summary has changed. A
    record that was not modified keeps all its rows; only the time and the ids of its last fetch
    change. A read of the catalog replaces all rows of `catalog_rejected`. A read that is
    trusted (see `pipeline.plan`) also replaces all rows of `catalog_missing`.
    """

    def insert(table: str, where: str = "") -> None:
        names = ", ".join(column.name for column in TABLES[table])
        values = ", ".join(_value(column, load_id) for column in TABLES[table])
        query = f"select {values} from {incoming}.{table} {where}"
        connection.execute(f"insert into raw.{table} ({names}) {query}")

    for parent in ("models", "catalog_models"):
        changed = f"""
            select loaded.id
            from {incoming}.{parent} as loaded
            left join raw.{parent} as existing on loaded.id = existing.id
            where existing.id is null or existing.content_hash <> loaded.content_hash
        """
        for child in (table for table in TABLES if table.startswith(f"{parent}__")):
            connection.execute(f"delete from raw.{child} where model_id in ({changed})")
            insert(child, f"where model_id in ({changed})")
        loaded = f"select id from {incoming}.{parent}"
        connection.execute(f"delete from raw.{parent} where id in ({loaded})")
        insert(parent)
    connection.execute(f"""
        update raw.models
        set
            fetched_at = fetches.requested_at,
            summary_hash = fetches.summary_hash,
            _dlt_load_id = {sql_literal(load_id)}
        from {incoming}.fetches as fetches
        where models.id = fetches.model_id and fetches.outcome = 'not_modified'
    """)
    insert("fetches")
    insert("catalog_reads")
    for table, condition in (("catalog_missing", "is_trusted"), ("catalog_rejected", "true")):
        read = f"select 1 from {incoming}.catalog_reads where {condition}"
        connection.execute(f"delete from raw.{table} where exists ({read})")
        insert(table)


def copy_dlt_tables(connection: Connection, incoming: str = INCOMING) -> None:
    """Copy dlt's own tables of one load into `raw`.

    `_dlt_loads` keeps the rows of earlier loads. In dlt's other tables, the rows of this load
    replace all earlier rows.
    """
    for table, columns in DLT_TABLES.items():
        if table != "_dlt_loads":
            connection.execute(f"delete from raw.{table}")
        names = ", ".join(column.name for column in columns)
        values = ", ".join(map(_utc, columns))
        query = f"select {values} from {incoming}.{table}"
        connection.execute(f"insert into raw.{table} ({names}) {query}")


def _definition(column: Column) -> str:
    return f"{column.name} {column.sql_type}{'' if column.nullable else ' not null'}"


def _value(column: Column, load_id: str) -> str:
    if column == LOAD_ID:
        return sql_literal(load_id)
    return f"cast({column.name} as {column.sql_type})"


def _utc(column: Column) -> str:
    return f"{column.name} at time zone 'UTC'" if column.data_type == "timestamp" else column.name
