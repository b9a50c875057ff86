"""A published file opens in the older DuckDB versions that BI drivers use: each in an environment of its own, so only in CI or on demand.

CI=true pytest tests/stress/test_versions.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

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


@pytest.mark.skipif(not {"CI", "LLM_STATS_STRESS"} & os.environ.keys(), reason="installs other versions of DuckDB")
@pytest.mark.parametrize("version", ["1.4.4", "1.5.5"])
def test_an_older_duckdb_reads_the_same(demo: Path, tmp_path: Path, version: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"duckdb=={version}"], check=True)
    done = subprocess.run([python, "-c", ASK, str(demo), json.dumps(QUERIES)], check=True, capture_output=True, text=True)
    reader, found = json.loads(done.stdout)
    assert reader == version
    with duckdb.connect(demo, read_only=True) as connection:
        for query, answer in zip(QUERIES, found, strict=True):
            assert answer == repr(connection.execute(query).fetchall()), query
