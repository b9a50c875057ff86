"""Query an attached database: `query_attached.py MAIN OLD STATEMENTS CALLS`.

STATEMENTS and CALLS are JSON lists of SQL. Attaches OLD to MAIN as `old`, executes the statements,
and prints a JSON list: DuckDB's version, then the rows or the error of each call.
"""

from __future__ import annotations

import json
import sys

import duckdb

main, old, statements, calls = sys.argv[1:]


def answer(connection: duckdb.DuckDBPyConnection, call: str) -> str:
    try:
        return repr(connection.execute(f"from {call} order by all").fetchall())
    except duckdb.Error as error:
        return str(error)


with duckdb.connect(main, read_only=main != ":memory:") as connection:
    connection.execute(f"attach '{old}' as old (read_only)")
    for statement in json.loads(statements):
        connection.execute(statement)
    answers = [answer(connection, call) for call in json.loads(calls)]
    print(json.dumps([duckdb.__version__, *answers]))
