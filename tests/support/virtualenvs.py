"""Environments of their own, for what must not come among the project's dependencies: made only in CI or on demand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

#: What DuckDB 1.5 cannot do; with that, the tests of DuckLake run.
REQUIRES_DUCKDB_2 = pytest.mark.skipif(duckdb.__version__ < "2", reason="DuckDB 1.5")

ROOT = Path(__file__).parents[2]

in_ci = pytest.mark.skipif(not {"CI", "LLM_STATS_STRESS"} & os.environ.keys(), reason="installs packages; set CI or LLM_STATS_STRESS")
on_demand = pytest.mark.skipif("LLM_STATS_STRESS" not in os.environ, reason="takes minutes to install and run; set LLM_STATS_STRESS")


def python_with(folder: Path, *packages: str) -> str:
    """The Python of a new environment that has these packages."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    return python
