"""Ctrl-C in a query."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: The command, and Ctrl-C when the process has worked for a second more: by then it is in the query, however busy the machine.
PRESSED = """
import os, signal, threading, time
from llm_stats.cli import main as cli
from llm_stats.warehouse import reader

def press():
    begun = time.process_time()
    while time.process_time() < begun + 1:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
cli.main()
"""


def test_ctrl_c_in_a_query_ends_as_everywhere(demo: Path) -> None:
    """Whichever threads of DuckDB work on it: each of the parts is a task of its own, and never ends."""
    query = " union all ".join(["select count(*) from range(1000000000000) where range % 7 = 3"] * 4)
    command = [sys.executable, "-c", PRESSED, "sql", query, "--database", str(demo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        try:
            out, err = asked.communicate(timeout=60)
        finally:
            asked.kill()
    assert (asked.returncode, out, err.strip()) == (130, "", "llm-stats: interrupted")
