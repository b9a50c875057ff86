"""Conditions for skipping tests."""

from __future__ import annotations

import os

import duckdb
import pytest

REQUIRES_REAL_RECORDS = pytest.mark.skipif(
    "LLM_STATS_TEST_RECORDS" not in os.environ, reason="LLM_STATS_TEST_RECORDS is not set"
)
#: Skips tests of features that DuckDB 1.5 lacks, and of the error that DuckLake needs DuckDB 1.5.
REQUIRES_DUCKDB_2 = pytest.mark.skipif(duckdb.__version__ < "2", reason="DuckDB 1.5")
