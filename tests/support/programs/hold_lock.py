"""Hold the lock of a database until standard input ends: `hold_lock.py DATABASE`.

Prints `held` after acquiring the lock.
"""

from __future__ import annotations

import pathlib
import sys

from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

with DuckDBWarehouse(pathlib.Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
