"""Processes that a test starts, and what they print."""

from __future__ import annotations

import os
import subprocess
import sys


def run_command(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `llm-stats` in a process of its own, to its end."""
    command = [sys.executable, "-m", "llm_stats", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def read_terminal(master: int) -> str:
    """Return everything written to a pseudo-terminal, and close it."""
    printed = b""
    try:
        while part := os.read(master, 65536):
            printed += part
    except OSError:  # how Linux says that nobody writes there any more
        pass
    os.close(master)
    return printed.decode()
