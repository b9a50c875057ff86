"""Print DuckDB's version and the rows of queries as JSON: `query_file.py DATABASE QUERIES`.

QUERIES is a JSON list.
"""

from __future__ import annotations

import json
import sys

import duckdb

with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(
        json.dumps(
            [
                duckdb.__version__,
                [repr(connection.execute(query).fetchall()) for query in json.loads(sys.argv[2])],
            ]
        )
    )
