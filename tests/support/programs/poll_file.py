"""Poll the published file: `poll_file.py DATABASE STOP PAUSE_SECONDS`.

The last poll begins after the file STOP was created.

Keeps a connection to the first snapshot open, and asserts that the prices in this snapshot do not
change.

Prints `[time, state]` as JSON for each poll, then `["polls", number of polls]`.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

import duckdb
from poll_query import STATE

database, stop = map(pathlib.Path, sys.argv[1:3])
pause_seconds = float(sys.argv[3])
oldest: duckdb.DuckDBPyConnection | None = None
oldest_generation: Any = None
polls = 0
is_last = False
while not is_last:
    time.sleep(pause_seconds)
    is_last = stop.exists()
    if oldest is None and not database.exists():
        continue
    began = time.time()
    with duckdb.connect(str(database), read_only=True) as newest:
        state = newest.execute(STATE).fetchall()[0]
    polls += 1
    print(json.dumps([began, list(state)]), flush=True)
    if oldest is None:
        oldest = duckdb.connect(str(database.resolve()), read_only=True)
        oldest_generation = state[-1]
    assert oldest.execute(
        "select cast(max(input_usd_per_mtok) as int) from marts.offers"
    ).fetchall() == [(oldest_generation,)]
print(json.dumps(["polls", polls]), flush=True)
