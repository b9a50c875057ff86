"""Read the published file through an SQLAlchemy connection pool: `read_with_pool.py DATABASE`.

For each line on standard input, prints the number of models. If the line is `dispose`, the pool is
emptied first.
"""

from __future__ import annotations

import sys

import sqlalchemy

engine = sqlalchemy.create_engine(f"duckdb:///{sys.argv[1]}", connect_args={"read_only": True})
for line in sys.stdin:
    if line == "dispose\n":
        engine.dispose()
    with engine.connect() as connection:
        print(
            connection.execute(sqlalchemy.text("select count(*) from marts.models")).scalar_one(),
            flush=True,
        )
