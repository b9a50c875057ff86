"""Run `llm-stats` and write the cost of each stage to FILE: `stages.py FILE run --ids-file …`.

    {"fetch": {"seconds": 0.0, "cpu_seconds": 0.9, "peak_mb": 0.0},
     "columns": {"seconds": 1.2, "cpu_seconds": 0.3, "peak_mb": 180.0}, …}

Results are converted to columns while other responses arrive. `columns` therefore contains the
wall-clock time of fetching and converting together. The CPU time is measured per thread: `fetch`
contains only the CPU time of fetching, and `columns` only the CPU time of converting. `validate` is
a part of `fetch`, and `compact` is a part of `update_history`. With `--all`, `catalog` is the read
of the catalog.

`peak_mb` is the largest memory use during the stage. It includes memory that earlier stages have
not freed. The program needs Linux, because it reads `/proc`.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlt.pipeline.pipeline import Pipeline
from llm_stats.api import responses
from llm_stats.cli import main
from llm_stats.fetch.client import Client
from llm_stats.fetch.thread_pool import DaemonThreadPool
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy

run = importlib.import_module(
    "llm_stats.pipeline.run"
)  # the package exports a function of this name

costs: dict[str, dict[str, float]] = {}
lock = threading.Lock()


def note(stage: str, seconds: float, cpu_seconds: float, peak_mb: float) -> None:
    """Add a measurement to a stage: sum the times, keep the largest peak memory."""
    cost = costs.setdefault(stage, {"seconds": 0.0, "cpu_seconds": 0.0, "peak_mb": 0.0})
    cost["seconds"] += seconds
    cost["cpu_seconds"] += cpu_seconds
    cost["peak_mb"] = max(cost["peak_mb"], peak_mb)


@contextmanager
def timed(stage: str, cpu: Callable[[], float] = time.process_time) -> Iterator[None]:
    """Measure the block of the `with` statement as a stage."""
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak memory (VmHWM)
    seconds, cpu_seconds = time.perf_counter(), cpu()
    try:
        yield
    finally:
        status = dict(
            line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines()
        )
        note(
            stage,
            time.perf_counter() - seconds,
            cpu() - cpu_seconds,
            int(status["VmHWM"].split()[0]) / 1000,
        )


def watch(owner: Any, name: str, stage: str, cpu: Callable[[], float] = time.process_time) -> None:
    """Replace the function `owner.name` by a wrapper that measures each call as a stage."""
    original: Callable[..., Any] = getattr(owner, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        with timed(stage, cpu):
            return original(*args, **kwargs)

    setattr(owner, name, watched)


def watch_threads() -> None:
    """Measure the CPU time of fetching threads (`fetch`) and of validation (`validate`)."""
    original, parse = DaemonThreadPool._worker, responses.parse_record_body
    validated = threading.local()

    def parsed(*given: Any) -> Any:
        began = time.thread_time()
        try:
            return parse(*given)
        finally:
            validated.seconds = getattr(validated, "seconds", 0.0) + time.thread_time() - began

    def work(self: DaemonThreadPool) -> None:
        try:
            original(self)
        finally:
            with lock:
                note("fetch", 0.0, time.thread_time(), 0.0)
                note("validate", 0.0, getattr(validated, "seconds", 0.0), 0.0)

    # Use setattr, because mypy rejects assignments to functions and methods.
    setattr(responses, "parse_record_body", parsed)  # noqa: B010
    setattr(DaemonThreadPool, "_worker", work)  # noqa: B010


note("import", 0.0, time.process_time(), 0.0)
watch_threads()
watch(shutil, "copyfile", "copy")
watch(Client, "read_catalog", "catalog", time.thread_time)
watch(Pipeline, "extract", "columns", time.thread_time)
watch(Pipeline, "normalize", "normalize")
watch(Pipeline, "load", "load")
for step in ("migrate", "fetch_state", "create_views", "merge", "update_history", "compact"):
    watch(DuckDBWorkingCopy, step, step)
watch(run, "_run_checks", "checks")
watch(run, "_read_changes", "changes")
watch(DuckDBWarehouse, "publish", "publish")

file, sys.argv = Path(sys.argv[1]), ["llm-stats", *sys.argv[2:]]
try:
    with timed("all"):
        main.main()
finally:
    costs["all"] |= {
        "cpu_seconds": time.process_time(),
        "peak_mb": max(cost["peak_mb"] for cost in costs.values()),
    }
    file.write_text(json.dumps(costs))
