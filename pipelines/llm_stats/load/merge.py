"""Raw tables: creating them, and merging the tables of one load into them.

dlt loads into a schema of its own, `incoming`. The merge into `raw` runs in the transaction that also
updates what follows from it. A model in the load replaces its row and its child rows; other models
stay.
"""

from __future__ import annotations

from llm_stats.connection import Connection
from llm_stats.schema.tables import DLT_TABLES, LOAD_ID, TABLE_COMMENTS, TABLES, Column
from llm_stats.text import sql_literal

INCOMING = "incoming"


def create_raw_tables(connection: Connection) -> None:
    """Create the raw tables that do not exist; comment on all tables and columns."""
    connection.execute("create schema if not exists raw")
    for table, columns in (TABLES | DLT_TABLES).items():
        types = ", ".join(f"{column.name} {column.sql_type}{'' if column.nullable else ' not null'}" for column in columns)
        connection.execute(f"create table if not exists raw.{table} ({types})")
        connection.execute(f"comment on table raw.{table} is {sql_literal(TABLE_COMMENTS[table])}")
        for column in columns:
            connection.execute(f"comment on column raw.{table}.{column.name} is {sql_literal(column.description)}")


def merge_incoming(connection: Connection, load_id: str, incoming: str = INCOMING) -> None:
    """Merge the tables of one load from the schema `incoming` into `raw`.

    Child rows are rewritten only if the content hash of their model has changed.
    """
    changed = f"""
        select arrived.id
        from {incoming}.models as arrived
        left join raw.models as known on arrived.id = known.id
        where known.id is null or known.content_hash <> arrived.content_hash
    """
    for table in (table for table in TABLES if table.startswith("models__")):
        connection.execute(f"delete from raw.{table} where model_id in ({changed})")
        _insert_from(incoming, connection, table, load_id, f"where model_id in ({changed})")
    connection.execute(f"delete from raw.models where id in (select id from {incoming}.models)")
    _insert_from(incoming, connection, "models", load_id)
    _insert_from(incoming, connection, "fetches", load_id)


def copy_dlt_tables(connection: Connection, incoming: str = INCOMING) -> None:
    """Copy dlt's own tables of one load into `raw`: add the load; replace the schema and the state."""
    for table, columns in DLT_TABLES.items():
        if table != "_dlt_loads":
            connection.execute(f"delete from raw.{table}")
        names = [column.name for column in columns]
        values = [f"{column.name} at time zone 'UTC'" if column.data_type == "timestamp" else column.name for column in columns]
        connection.execute(f"insert into raw.{table} ({', '.join(names)}) select {', '.join(values)} from {incoming}.{table}")


def _insert_from(incoming: str, connection: Connection, table: str, load_id: str, where: str = "") -> None:
    def value(column: Column) -> str:
        return sql_literal(load_id) if column == LOAD_ID else f"cast({column.name} as {column.sql_type})"

    names = ", ".join(column.name for column in TABLES[table])
    values = ", ".join(map(value, TABLES[table]))
    connection.execute(f"insert into raw.{table} ({names}) select {values} from {incoming}.{table} {where}")
