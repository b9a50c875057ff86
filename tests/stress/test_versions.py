"""A published file opens in the older DuckDB versions that BI drivers use: each in an environment of its own, so only in CI or on demand.

CI=true pytest tests/stress/test_versions.py
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import pytest
from support.virtualenvs import in_ci, python_with

QUERIES = (
    *(
        f"from marts.{view} order by all limit 1000"
        for view in ("models", "offers", "scores", "benchmarks", "leaderboard", "price_changes")
    ),
    "select model_id, rule from marts.data_quality order by all",
    "from marts.workload_cost(1000, 1000) order by all",
    "from marts.prices_as_of('2999-01-01') order by all",
    "from marts.compare_models(['aurora-large-1', 'kestrel-2-pro']) order by all",
    "from marts.pareto_frontier('sample-math') order by all",
    "from marts.cheapest_with('sample-math', 0.5) order by all",
    "select marts.blended_price(5, 25)",
    "select view_name, comment from duckdb_views() where schema_name = 'marts' order by all",
    "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts' order by all",
)
ASK = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(json.dumps([duckdb.__version__, [repr(connection.execute(query).fetchall()) for query in json.loads(sys.argv[2])]]))
"""

RECONNECT = """
import duckdb, os, sys
os.chdir(sys.argv[1])
for number in (1, 2):
    os.mkdir(f"s{number}")
    with duckdb.connect(f"s{number}/w.duckdb") as connection:
        connection.execute(f"create table t as select {number} as x")
asked = lambda connection, table="t": print(connection.execute(f"select x from {table}").fetchall()[0][0])
os.symlink("s1/w.duckdb", "w.duckdb")
old = duckdb.connect("w.duckdb", read_only=True)
os.symlink("s2/w.duckdb", "next")
os.replace("next", "w.duckdb")
asked(old)
new = duckdb.connect("w.duckdb", read_only=True)
asked(new)
attaching = duckdb.connect()
attaching.execute("attach 'w.duckdb' as attached (read_only)")
asked(attaching, "attached.t")
for connection in (old, new, attaching):
    connection.close()
asked(duckdb.connect("w.duckdb", read_only=True))
"""


@in_ci
@pytest.mark.parametrize(("version", "goes_by_path"), [("1.4.4", True), ("1.5.5", False)])
def test_an_older_duckdb_reads_the_same(demo: Path, tmp_path: Path, version: str, goes_by_path: bool) -> None:
    python = python_with(tmp_path, f"duckdb=={version}")
    done = subprocess.run([python, "-c", ASK, str(demo), json.dumps(QUERIES)], check=True, capture_output=True, text=True)
    reader, found = json.loads(done.stdout)
    assert reader == version
    with duckdb.connect(demo, read_only=True) as connection:
        for query, answer in zip(QUERIES, found, strict=True):
            assert answer == repr(connection.execute(query).fetchall()), query
    while_open = subprocess.run([python, "-c", RECONNECT, str(tmp_path)], check=True, capture_output=True, text=True)
    assert while_open.stdout.split() == ["1", "1" if goes_by_path else "2", "2", "2"], "as docs/bi.md says"
