"""Ctrl-C during a query."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import PROGRAMS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "query",
    [
        " union all ".join(["select count(*) from range(1000000000000) where range % 7 = 3"] * 4),
        "select levenshtein(repeat('a', 20000), repeat('b', 20000) || range) from range(2048)",
    ],
    ids=["all threads are busy", "DuckDB ignores interrupts"],
)
def test_ctrl_c_ends_a_query(demo: Path, query: str) -> None:
    command = [
        sys.executable,
        str(PROGRAMS / "interrupt_query.py"),
        "sql",
        query,
        "--database",
        str(demo),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert out == ""
    assert err.strip() == "llm-stats: interrupted"
    assert process.returncode == 130
