"""Poll a PostgreSQL warehouse as a dashboard does.

The command is `poll_postgres.py URL STOP SECONDS_BETWEEN_POLLS`; STOP is the path of a file. The
last poll begins after this file was created.

Prints `[[[time, state], ...], seconds of the slowest poll]` as JSON.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time

import psycopg2
from poll_query import STATE

url, stop, pause_seconds = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
connection = psycopg2.connect(url)
connection.autocommit = True
cursor = connection.cursor()
states, slowest = [], 0.0
is_last = False
while not is_last:
    time.sleep(pause_seconds)
    is_last = stop.exists()
    began = time.time()
    cursor.execute("select to_regclass('marts.offers')")
    if cursor.fetchone() != (None,):
        cursor.execute(STATE)
        states.append([began, cursor.fetchone()])
        slowest = max(slowest, time.time() - began)
print(json.dumps([states, slowest]))
