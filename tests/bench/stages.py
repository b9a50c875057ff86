"""Where the time of a run goes: `python tests/bench/stages.py --count 10000`.

A run against the sample API, in this process, with a clock around each stage; then a second one, in which nothing has changed. While
records are fetched and validated in threads, those that have arrived are put into columns, so these stages overlap, and their seconds are
sums over all threads that wait. CPU seconds are those of the thread that works; DuckDB's own threads are not in them.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench import synthetic
from bench.run import KEY, serving

STAGES = {
    "fetch": "llm_stats.wire:Wire.get",
    "validate": "llm_stats.reply:parse",
    "keep the response": "llm_stats.cache:ResponseCache.put",
    "make rows": "llm_stats.record:to_row",
    "put rows into columns": "llm_stats.source:arrow_tables",
    "define views": "llm_stats.working_copy:WorkingCopy.define",
    "extract (dlt), fetch included": "dlt.pipeline.pipeline:Pipeline.extract",
    "normalize (dlt)": "dlt.pipeline.pipeline:Pipeline.normalize",
    "load (dlt)": "dlt.pipeline.pipeline:Pipeline.load",
    "fill the raw tables": "llm_stats.raw:fill",
    "history": "llm_stats.sql:update_history",
    "compact": "llm_stats.working_copy:WorkingCopy.compact",
    "compute marts for the checks": "llm_stats.checks:ComputedOnce._open",
    "checks": "llm_stats.checks:require",
    "changes": "llm_stats.changes:of_load",
    "copy what is published": "shutil:copyfile",
    "swap": "llm_stats.snapshots:Snapshots.publish",
    "forget the responses": "llm_stats.cache:ResponseCache.clear_used",
}


class Clocks:
    """Seconds and CPU seconds by stage."""

    def __init__(self) -> None:
        self._spent: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def watch(self, stage: str, function: str) -> None:
        """Puts a clock around a function, named as `module:name` or `module:Class.name`."""
        module, _, path = function.partition(":")
        *owner, name = path.split(".")
        holder = resolve_name(f"{module}:{'.'.join(owner)}") if owner else importlib.import_module(module)
        call = getattr(holder, name)

        @functools.wraps(call)
        def clocked(*given: Any, **named: Any) -> Any:
            began, cpu_began = time.perf_counter(), time.thread_time()
            try:
                return call(*given, **named)
            finally:
                self.add(stage, time.perf_counter() - began, time.thread_time() - cpu_began)

        setattr(holder, name, clocked)

    def add(self, stage: str, seconds: float, cpu_seconds: float) -> None:
        with self._lock:
            so_far = self._spent.get(stage, (0.0, 0.0))
            self._spent[stage] = so_far[0] + seconds, so_far[1] + cpu_seconds

    def tell(self) -> None:
        """Prints what was spent since the last time."""
        for stage in ("whole", *STAGES):
            if stage in self._spent:
                print(f"  {stage:30} {self._spent[stage][0]:8.3f} s   cpu {self._spent[stage][1]:8.3f} s")
        self._spent.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the time of a run goes.")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--latency-ms", type=int, default=50)
    parser.add_argument("--concurrency", type=int, default=32)
    given = parser.parse_args()
    began = time.perf_counter()
    importlib.import_module("dlt")
    from llm_stats import run

    print(f"import: {time.perf_counter() - began:.3f} s, in a run of the command while records arrive")
    clocks = Clocks()
    for stage, function in STAGES.items():
        clocks.watch(stage, function)
    ids = [f"synthetic-{number:06}" for number in range(given.count)]
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)  # where no settings are
        with serving(synthetic.catalogue(given.count), given.latency_ms, Path(name)) as base_url:
            for heading in ("first run", "unchanged"):
                began, cpu_began = time.perf_counter(), time.process_time()
                run(ids, base_url=base_url, api_key=KEY, concurrency=given.concurrency, requests_per_minute=0)
                clocks.add("whole", time.perf_counter() - began, time.process_time() - cpu_began)
                print(f"{given.count:,} records, {given.latency_ms} ms, {given.concurrency} in flight, {heading}")
                clocks.tell()
        os.chdir("/")


if __name__ == "__main__":
    main()
