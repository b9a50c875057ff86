"""Cheapest possible run: only the requests, and a load with DuckDB's JSON reader.

`floor.py BASE_URL KEY CONCURRENCY COUNT FOLDER` prints `{"fetch_seconds": …, "database_seconds":
…}`.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import requests

base_url, key, concurrency, count, folder = sys.argv[1:]
bodies = Path(folder) / "bodies.ndjson"
session = requests.Session()
session.trust_env = False
session.headers["Authorization"] = f"Bearer {key}"
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=int(concurrency)))


def fetch(number: int) -> bytes:
    response = session.get(f"{base_url}/models/synthetic-{number:06}")
    response.raise_for_status()
    return response.content


started = time.perf_counter()
with ThreadPoolExecutor(int(concurrency)) as pool, bodies.open("wb") as file:
    for body in pool.map(fetch, range(int(count))):
        file.write(body + b"\n")
fetched = time.perf_counter()
with duckdb.connect(Path(folder) / "floor.duckdb") as connection:
    connection.execute(
        f"create temp table records as from read_json('{bodies}', format = 'newline_delimited')"
    )
    connection.execute(
        "create table models as select * exclude (providers, scores, modalities, top_scores) "
        "from records"
    )
    for children in ("providers", "scores"):
        connection.execute(
            f"create table {children} as select id as model_id, unnest({children}, recursive "
            ":= true) from records"
        )
    connection.execute(
        "create table modalities as select id as model_id, unnest(modalities) as modality "
        "from records"
    )
    connection.execute(
        "create table top_scores as "
        "select id as model_id, unnest(map_entries(cast(to_json(top_scores) as map(varchar, "
        "double)))) from records"
    )
print(
    json.dumps(
        {"fetch_seconds": fetched - started, "database_seconds": time.perf_counter() - fetched}
    )
)
