"""Functions that start processes and return their output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.warehouse.snapshot import files_folder

PROGRAMS = Path(__file__).parent / "programs"


def run_command(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `llm-stats` in a separate process and wait until it ends."""
    command = [sys.executable, "-m", "llm_stats", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def read_terminal(master: int) -> str:
    """Return everything written to a pseudo-terminal, and close it."""
    printed = b""
    try:
        while part := os.read(master, 65536):
            printed += part
    except OSError:  # raised on Linux after all writers have closed the terminal
        pass
    os.close(master)
    return printed.decode()


def start_program(name: str, *arguments: object) -> subprocess.Popen[str]:
    """Start `programs/<name>.py`; write its output to a file, because a full pipe would block."""
    output = tempfile.TemporaryFile("w+")  # noqa: SIM115  output_lines closes it
    command = [sys.executable, str(PROGRAMS / f"{name}.py"), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=output, text=True)
    process.stdout = output
    return process


def output_lines(process: subprocess.Popen[str]) -> list[Any]:
    """Wait for the end of a program; return the JSON of each line that it printed."""
    assert process.wait() == 0
    assert process.stdout
    with process.stdout as output:
        output.seek(0)
        return [json.loads(line) for line in output]


def start_run(database: Path, api: SampleApi) -> subprocess.Popen[bytes]:
    """Start `llm-stats run --all` in a separate process."""
    command = [
        sys.executable,
        "-m",
        "llm_stats",
        "run",
        "--all",
        "--base-url",
        api.base_url,
        "--database",
        str(database),
    ]
    environment = os.environ | {
        "LLM_STATS_API_KEY": SAMPLE_KEY,
        "SOURCES__LLM_STATS__REQUESTS_PER_MINUTE": "0",
    }
    return subprocess.Popen(
        [*command, "--quiet"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def finish_run(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for the end of a run; return its exit code and standard error."""
    _, err = process.communicate()
    return process.returncode, err.decode()


def wait_for_lock(process: subprocess.Popen[bytes], database: Path) -> None:
    """Wait until a run that `start_run` started holds the lock of the database."""
    holder = files_folder(database) / "holder.json"
    while process.poll() is None and not holder.exists():
        time.sleep(0.01)
