"""Run user queries on a DuckLake: `query_ducklake.py DATABASE QUERY...`.

Prints `["accepted", rows]` or `["rejected", message]` as JSON for each query.
"""

from __future__ import annotations

import json
import sys

from llm_stats.destinations import open_reader
from llm_stats.errors import UsageError
from llm_stats.settings import WarehouseLocation

database, *queries = sys.argv[1:]
for query in queries:
    try:
        with open_reader(
            WarehouseLocation.read(database=database, destination="ducklake")
        ) as reader:
            print(json.dumps(["accepted", str(reader.execute_user_query(query).rows)]))
    except UsageError as error:
        print(json.dumps(["rejected", str(error)]))
