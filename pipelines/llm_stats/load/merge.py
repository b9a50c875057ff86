"""The raw tables of a warehouse: made, filled with what a run brought, explained.

dlt loads what a run brought into tables of its own, `incoming`. From there it goes into `raw`, together with everything that follows from
it, so that a load is seen whole or not at all. A model that came replaces the one that was there, with its lists; one that did not come
stays as it is.
"""

from __future__ import annotations

from typing import Protocol

from llm_stats.schema.tables import LOAD_ID, TABLE_COMMENTS, TABLES
from llm_stats.transform.files import literal

INCOMING = "incoming"

#: The models whose record is not, to the letter, the one that is there: only their lists are written anew.
_CHANGED = f"""
    select arrived.id
    from {INCOMING}.models as arrived
    left join raw.models as known on arrived.id = known.id
    where known.id is null or known.content_hash <> arrived.content_hash
"""


class Connection(Protocol):
    """What executes statements in DuckDB's dialect: DuckDB itself, or the session of another engine."""

    def execute(self, query: str, /) -> object: ...


def define(connection: Connection) -> None:
    """Makes the raw tables that are not there, and explains them all."""
    connection.execute("create schema if not exists raw")
    for table, columns in TABLES.items():
        types = ", ".join(f"{column.name} {column.sql_type}{'' if column.nullable else ' not null'}" for column in columns)
        connection.execute(f"create table if not exists raw.{table} ({types})")
        connection.execute(f"comment on table raw.{table} is {literal(TABLE_COMMENTS[table])}")
        for column in columns:
            connection.execute(f"comment on column raw.{table}.{column.name} is {literal(column.description)}")


def fill(connection: Connection, load_id: str) -> None:
    """Takes over what has arrived, as one load."""
    for table in (table for table in TABLES if table.startswith("models__")):
        connection.execute(f"delete from raw.{table} where model_id in ({_CHANGED})")
        _take_over(connection, table, load_id, f"where model_id in ({_CHANGED})")
    connection.execute(f"delete from raw.models where id in (select id from {INCOMING}.models)")
    _take_over(connection, "models", load_id)
    _take_over(connection, "fetches", load_id)


def _take_over(connection: Connection, table: str, load_id: str, where: str = "") -> None:
    names = [column.name for column in TABLES[table]]
    values = [literal(load_id) if column == LOAD_ID else f"cast({column.name} as {column.sql_type})" for column in TABLES[table]]
    connection.execute(f"insert into raw.{table} ({', '.join(names)}) select {', '.join(values)} from {INCOMING}.{table} {where}")
