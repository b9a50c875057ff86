"""The raw tables of a warehouse: made, filled with what a run brought, explained.

dlt loads what a run brought into tables of its own, `incoming`. From there it goes into `raw`, together with everything that follows from
it, so that a load is seen whole or not at all. A model that came replaces the one that was there, with its lists; one that did not come
stays as it is.
"""

from __future__ import annotations

from llm_stats.connection import Connection
from llm_stats.schema.tables import LOAD_ID, TABLE_COMMENTS, TABLES
from llm_stats.text import sql_literal

INCOMING = "incoming"

#: The models whose record is not, to the letter, the one that is there: only their lists are written anew.
_CHANGED = f"""
    select arrived.id
    from {INCOMING}.models as arrived
    left join raw.models as known on arrived.id = known.id
    where known.id is null or known.content_hash <> arrived.content_hash
"""


def create_raw_tables(connection: Connection) -> None:
    """Makes the raw tables that are not there, and explains them all."""
    connection.execute("create schema if not exists raw")
    for table, columns in TABLES.items():
        types = ", ".join(f"{column.name} {column.sql_type}{'' if column.nullable else ' not null'}" for column in columns)
        connection.execute(f"create table if not exists raw.{table} ({types})")
        connection.execute(f"comment on table raw.{table} is {sql_literal(TABLE_COMMENTS[table])}")
        for column in columns:
            connection.execute(f"comment on column raw.{table}.{column.name} is {sql_literal(column.description)}")


def merge_incoming(connection: Connection, load_id: str) -> None:
    """Takes over what has arrived, as one load."""
    for table in (table for table in TABLES if table.startswith("models__")):
        connection.execute(f"delete from raw.{table} where model_id in ({_CHANGED})")
        _insert_from_incoming(connection, table, load_id, f"where model_id in ({_CHANGED})")
    connection.execute(f"delete from raw.models where id in (select id from {INCOMING}.models)")
    _insert_from_incoming(connection, "models", load_id)
    _insert_from_incoming(connection, "fetches", load_id)


def _insert_from_incoming(connection: Connection, table: str, load_id: str, where: str = "") -> None:
    names = [column.name for column in TABLES[table]]
    values = [sql_literal(load_id) if column == LOAD_ID else f"cast({column.name} as {column.sql_type})" for column in TABLES[table]]
    connection.execute(f"insert into raw.{table} ({', '.join(names)}) select {', '.join(values)} from {INCOMING}.{table} {where}")
