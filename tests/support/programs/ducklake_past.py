"""Print past prices of a DuckLake, read by time travel and from its history tables.

The command is `ducklake_past.py DATABASE TIMES`; TIMES is a JSON list.
"""

from __future__ import annotations

import json
import sys

from llm_stats.destinations import open_reader
from llm_stats.settings import WarehouseLocation

with open_reader(WarehouseLocation.read(database=sys.argv[1], destination="ducklake")) as reader:
    for timestamp in json.loads(sys.argv[2]):
        at = f"make_timestamp({int(timestamp * 1_000_000)})"
        lake = reader.query(
            "select max(input_price_per_m) from ducklake.raw.models__providers at (timestamp "
            f"=> {at} at time zone 'UTC')"
        )
        history = reader.query(f"select max(input_usd_per_mtok) from marts.prices_as_of({at})")
        print(json.dumps([lake.rows[0][0], history.rows[0][0]]))
