"""Run user queries on a DuckDB file: `run_user_queries.py DATABASE QUERIES [SYS_PATH]`.

QUERIES is a JSON list. SYS_PATH is a JSON list of folders to add to `sys.path`.
Prints DuckDB's version, then `["accepted", rows]` or `["rejected", message]` for each query.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.extend(json.loads(sys.argv[3]) if sys.argv[3:] else ())

import duckdb
from llm_stats.errors import UsageError
from llm_stats.warehouse.duckdb_reader import DuckDBReader

print(json.dumps(duckdb.__version__))
for query in json.loads(sys.argv[2]):
    try:
        with DuckDBReader(Path(sys.argv[1])) as reader:
            print(json.dumps(["accepted", len(reader.execute_user_query(query).rows)]))
    except UsageError as error:
        print(json.dumps(["rejected", str(error)]))
