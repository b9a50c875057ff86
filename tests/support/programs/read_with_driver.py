"""Read the published file through a driver: `read_with_driver.py DRIVER DATABASE`.

For each line on standard input, prints the number of models twice. The first number is read on a
connection that stays open, the second on a new connection. At the end, tries to write to the file
and prints whether the error mentions the read-only mode.

Each driver needs its own process, because DuckDB allows one driver per process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

Connect = Callable[[], Any]
Query = Callable[[Any, str], list[Any]]


def python(path: str) -> tuple[Connect, Query]:
    import duckdb

    return lambda: duckdb.connect(
        path, read_only=True
    ), lambda connection, query: connection.execute(query).fetchall()


def sqlalchemy(path: str) -> tuple[Connect, Query]:
    import sqlalchemy

    engine = sqlalchemy.create_engine(
        f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=sqlalchemy.NullPool
    )
    return engine.connect, lambda connection, query: connection.execute(
        sqlalchemy.text(query)
    ).fetchall()


def adbc(path: str) -> tuple[Connect, Query]:
    import adbc_driver_duckdb
    from adbc_driver_manager import dbapi

    driver = {"driver": adbc_driver_duckdb.driver_path(), "entrypoint": "duckdb_adbc_init"}

    def query_adbc(connection: Any, query: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    return lambda: dbapi.connect(
        **driver, db_kwargs={"path": path, "access_mode": "READ_ONLY"}, autocommit=True
    ), query_adbc


driver, path = sys.argv[1:]
connect, query = {"python": python, "sqlalchemy": sqlalchemy, "adbc": adbc}[driver](path)
with connect() as kept:
    for _ in sys.stdin:
        with connect() as newest:
            print(
                *(
                    query(connection, "select count(*) from marts.models")[0][0]
                    for connection in (kept, newest)
                ),
                flush=True,
            )
with connect() as connection:
    try:
        query(connection, "create table marts.mine as select 1 as x")
    except Exception as error:
        print("read-only mode" in str(error))
