"""Hold a database open for writing until standard input ends: `hold_database.py DATABASE SQL`.

Executes the statements, then prints `held`.
"""

from __future__ import annotations

import sys

import duckdb

with duckdb.connect(sys.argv[1]) as connection:
    connection.execute(sys.argv[2])
    print("held", flush=True)
    sys.stdin.read()
