"""Read a DuckLake repeatedly until the file STOP exists: `poll_ducklake.py DATABASE STOP`.

Like a reader on another machine, this program has only the credentials of the DuckLake. Prints a
JSON list with one state per poll.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time

from llm_stats.destinations import open_reader
from llm_stats.settings import WarehouseLocation

STATE = """
    select
        (select count(distinct _dlt_load_id) from raw.models),
        (select count(*) from raw.models__providers) = (select count(*) from marts.offers),
        (select count(*) from raw.models__providers)
            = (select count(*) from history.offers where valid_to is null),
        (select cast(max(input_usd_per_mtok) as int) from marts.offers)
"""

location, stop = (
    WarehouseLocation.read(database=sys.argv[1], destination="ducklake"),
    pathlib.Path(sys.argv[2]),
)
states = []
is_last = False
while not is_last:
    is_last = stop.exists()  # the last read begins after the last publication
    with open_reader(location) as reader:
        states += [list(row) for row in reader.query(STATE).rows]
    time.sleep(0.2)  # without a pause, the readers would slow the loader down
print(json.dumps(states))
