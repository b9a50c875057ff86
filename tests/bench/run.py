"""Cost of a run compared with the lowest possible cost: `python tests/bench/run.py`.

The benchmark takes about ten minutes. Each program is a separate process against the sample API,
which serves synthetic records (8 offers and 30 scores each) from another process. The programs run
in turn, in several rounds, and the medians are printed. Compare the ratios; absolute times depend
on the machine.

    floor             lowest possible cost: the requests of llm-stats on the same number of threads,
                      then DuckDB's JSON reader into the same tables
    stock dlt         the same models through a dlt pipeline with dlt's defaults
    Singer            the same models through a Singer tap, which sends one request at a time, and
                      target-duckdb; only with --singer, which installs them
    llm-stats         `llm-stats run`: with history, views, checks and publishing
    … unchanged       another `llm-stats run`, with the same records
    … 1 % changed     another `llm-stats run`, with one record in a hundred changed
    llm-stats --all   the same three runs with `--all`, which reads the catalog first
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import virtualenvs
from support.synthetic_catalog import synthetic_catalog

KEY = "sample-key"
LLM_STATS = [sys.executable, "-m", "llm_stats"]
PROGRAMS = Path(__file__).parent / "programs"
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "llm-stats --help": [*LLM_STATS, "--help"],
    "llm-stats show": [*LLM_STATS, "show"],
    "llm-stats sql": [*LLM_STATS, "sql", "select count(*) from marts.offers"],
}


@dataclass(frozen=True)
class Cost:
    """Time and memory of one process."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    printed: str


def spend(command: list[str], folder: Path, **environment: str) -> Cost:
    """Run a command and return its cost; raise `CalledProcessError` if it fails."""
    with (folder / "printed").open("w+") as printed:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        printed.seek(0)
        text = printed.read()
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command, text)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, text)


@contextmanager
def serving(records: list[dict[str, Any]], latency_ms: int, folder: Path) -> Iterator[str]:
    """Serve the records in a separate process; yield the base URL."""
    file = folder / "records.json"
    file.write_text(json.dumps(records))
    del records  # free memory: only the server process uses the records
    command = [
        *LLM_STATS,
        "sample-api",
        "--port",
        "0",
        "--records",
        str(file),
        "--latency-ms",
        str(latency_ms),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield next(
                word for word in process.stderr.readline().split() if word.startswith("http")
            )
        finally:
            process.terminate()


def changed(records: list[dict[str, Any]], round_: int) -> list[dict[str, Any]]:
    """Return the records, with new input prices in a random 1 % of them.

    `round_` is the random seed.
    """
    dice = random.Random(round_)
    moved = set(dice.sample(range(len(records)), max(1, len(records) // 100)))
    return [
        entry
        | {
            "providers": [
                offer | {"input_price_per_m": 1000.0 + round_} for offer in entry["providers"]
            ]
        }
        if place in moved
        else entry
        for place, entry in enumerate(records)
    ]


@dataclass
class Bench:
    count: int
    latency_ms: int
    concurrency: int
    rounds: int
    with_others: bool
    singer: str | None = None  # path of the Python in the environment of the Singer tap

    def measure(self, folder: Path) -> dict[str, list[Cost]]:
        """Run the programs in turn; return their costs by program.

        Each round runs llm-stats; only the first round runs the other programs.
        """
        records = synthetic_catalog(self.count)
        costs: dict[str, list[Cost]] = {}

        def note(name: str, cost: Cost) -> None:
            costs.setdefault(name, []).append(cost)
            print(
                (
                    f"  {name:28} {cost.seconds:7.2f} s   cpu {cost.cpu_seconds:7.2f} s   "
                    f"{cost.peak_mb:6.0f} MB"
                ),
                flush=True,
            )

        for round_ in range(self.rounds):
            home = folder / f"{self.count}-{self.latency_ms}-{round_}"
            home.mkdir()
            with serving(records, self.latency_ms, home) as base_url:
                note("floor", self._program("floor.py", base_url, home))
                if self.with_others and not round_:
                    note("stock dlt", self._program("stock_dlt.py", base_url, home))
                    if self.singer:
                        note("Singer", self._tap_to_target(self.singer, base_url, home))
                note("llm-stats", self._run(base_url, home))
                note("llm-stats, unchanged", self._run(base_url, home))
                note("llm-stats --all", self._run_all(base_url, home))
                note("llm-stats --all, unchanged", self._run_all(base_url, home))
            with serving(changed(records, round_), self.latency_ms, home) as base_url:
                note("llm-stats, 1 % changed", self._run(base_url, home))
                note("llm-stats --all, 1 % changed", self._run_all(base_url, home))
        return costs

    def _program(self, name: str, base_url: str, home: Path) -> Cost:
        return spend(
            [
                sys.executable,
                str(PROGRAMS / name),
                base_url,
                KEY,
                str(self.concurrency),
                str(self.count),
                str(home),
            ],
            home,
        )

    def _tap_to_target(self, python: str, base_url: str, home: Path) -> Cost:
        tap, target = home / "tap.json", home / "target.json"
        tap.write_text(json.dumps({"base_url": base_url, "api_key": KEY, "count": self.count}))
        target.write_text(
            json.dumps({"path": str(home / "singer.duckdb"), "default_target_schema": "main"})
        )
        pipe = (
            f"{python} {PROGRAMS / 'singer_tap.py'} --config {tap} | "
            f"{Path(python).with_name('target-duckdb')} --config {target}"
        )
        return spend(["bash", "-o", "pipefail", "-c", pipe], home)

    def _run(self, base_url: str, home: Path) -> Cost:
        ids = home / "ids.txt"
        ids.write_text("".join(f"synthetic-{number:06}\n" for number in range(self.count)))
        return self._llm_stats(["--ids-file", str(ids)], base_url, home)

    def _run_all(self, base_url: str, home: Path) -> Cost:
        folder = home / "all"
        folder.mkdir(exist_ok=True)
        return self._llm_stats(["--all"], base_url, folder)

    def _llm_stats(self, models: list[str], base_url: str, folder: Path) -> Cost:
        command = [*LLM_STATS, "run", *models, "--quiet", "--base-url", base_url]
        return spend(
            [*command, "--concurrency", str(self.concurrency), "--requests-per-minute", "0"],
            folder,
            LLM_STATS_API_KEY=KEY,
        )


def middle(costs: list[Cost], what: Callable[[Cost], float]) -> float:
    return statistics.median(what(cost) for cost in costs)


def report(bench: Bench, costs: dict[str, list[Cost]]) -> None:
    """Print the median cost of each program and two ratios to the floor.

    The first ratio is the total time divided by the floor's total time. For the second ratio, the
    floor's fetch time is subtracted; the rest is divided by the floor's database time.
    """
    floors = [json.loads(cost.printed) for cost in costs["floor"]]
    fetch = statistics.median(floor["fetch_seconds"] for floor in floors)
    database = statistics.median(floor["database_seconds"] for floor in floors)
    whole = middle(costs["floor"], lambda cost: cost.seconds)
    print(f"{bench.count:,} records, {bench.latency_ms} ms, {bench.concurrency} in flight")
    print(f"  the floor takes {fetch:.2f} s for the fetch and {database:.2f} s for the database")
    for name, spent in costs.items():
        seconds, cpu = (
            middle(spent, lambda cost: cost.seconds),
            middle(spent, lambda cost: cost.cpu_seconds),
        )
        rest = (seconds - fetch) / database
        peak = max(cost.peak_mb for cost in spent)
        ratios = f"{seconds / whole:5.2f} x floor   all but the fetch {rest:5.1f} x"
        print(f"  {name:28} {seconds:7.2f} s = {ratios}   cpu {cpu:6.2f} s   {peak:5.0f} MB")


def start_up(folder: Path) -> None:
    """Print the time of short commands, with and without the start-up time of Python."""
    subprocess.run(
        [*LLM_STATS, "demo", "--database", "llm_stats.duckdb"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = {
        name: statistics.median(spend(command, folder).seconds for _ in range(7))
        for name, command in COMMANDS.items()
    }
    for name, spent in seconds.items():
        print(
            f"  {name:28} {spent:7.3f} s   beyond Python's start "
            f"{spent - seconds['python -c pass']:6.3f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of a run, compared with the floor.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument(
        "--singer",
        action="store_true",
        help="Install the Singer SDK and target-duckdb, and measure them too.",
    )
    parser.add_argument("--only", help="one of the sizes, as COUNT/LATENCY_MS, such as 1000/50")
    given = parser.parse_args()
    sizes = [(1_000, 50), (10_000, 50), (1_000, 0), (10_000, 0)]
    if given.only:
        count, _, latency_ms = given.only.partition("/")
        sizes = [(int(count), int(latency_ms))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        singer = (
            virtualenvs.python_with(folder, "singer-sdk", "target-duckdb") if given.singer else None
        )
        start_up(folder)
        for count, latency_ms in sizes:
            bench = Bench(
                count,
                latency_ms,
                given.concurrency,
                given.rounds,
                (count, latency_ms) == (1_000, 50),
                singer,
            )
            report(bench, bench.measure(folder))


if __name__ == "__main__":
    main()
