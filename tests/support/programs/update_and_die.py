"""Update a tiny warehouse and exit without closing it: `update_and_die.py DATABASE`."""

from __future__ import annotations

import os
import sys

import duckdb

connection = duckdb.connect(sys.argv[1])
connection.execute("update t set x = 99")
os._exit(1)
