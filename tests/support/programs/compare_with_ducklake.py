"""Compare a DuckDB file with a DuckLake after equal runs: `compare_with_ducklake.py DATABASE`."""

from __future__ import annotations

import pathlib
import sys

from support import engine_comparison

with engine_comparison.both(pathlib.Path(sys.argv[1]), "ducklake") as (duckdb_reader, lake_reader):
    engine_comparison.require_same_relations(
        *map(engine_comparison.fetch_relations, (duckdb_reader, lake_reader))
    )
    engine_comparison.require_same_output(duckdb_reader, lake_reader)
    assert lake_reader.unsupported == ()
