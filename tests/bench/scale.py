"""Cost of each stage of a run by catalog size and warehouse age: `python tests/bench/scale.py`.

The results are in `docs/scale.md`.

    scale.py --models 1000 10000 100000     for each number of synthetic models: the first run, and
                                            (by ids and with `--all`) a run without changes and
                                            a run after 1 % of the records changed;
                                            also `llm-stats report`
    scale.py --hours 8760 87600             for each number of earlier hourly runs of 335 models: a
                                            run without changes, and
                                            a run after 1 % of the records changed

Each run is a separate process against the sample API in another process, without rate limit and
latency. 100,000 models need about 10 GB of memory, most of it for the API. The earlier runs are
simulated: SQL statements add their rows to a new file. Each earlier run has one row of
`raw.fetches` per model, and on average 1 % of the offers and scores change per day. With the
default sizes the program takes about ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
from bench.run import KEY, LLM_STATS, PROGRAMS, changed, serving, spend
from support.synthetic_catalog import synthetic_catalog

STAGES = (
    "import",
    "copy",
    "migrate",
    "fetch_state",
    "catalog",
    "fetch",
    "validate",
    "create_views",
    "columns",
    "normalize",
    "load",
    "merge",
    "update_history",
    "compact",
    "checks",
    "changes",
    "publish",
    "all",
)
#: Number of models that the real API lists.
LISTED = 335
CONCURRENCY = 32

Costs = dict[str, dict[str, float]]


class Disk:
    """A context manager that measures the largest size of a folder, in MB."""

    def __init__(self, folder: Path) -> None:
        self.peak_mb = 0.0
        self._folder = folder
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.5):
            counted = subprocess.run(
                ["du", "-sk", str(self._folder)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=False,
            )
            self.peak_mb = max(self.peak_mb, int((counted.stdout.split() or ["0"])[0]) / 1000)


def run(base_url: str, count: int, home: Path, *, all_models: bool = False) -> Costs:
    """Run `llm-stats` for `count` ids, or with `--all`; return the cost of each stage."""
    ids, file = home / "ids.txt", home / "stages.json"
    ids.write_text("".join(f"synthetic-{number:06}\n" for number in range(count)))
    options = [
        *(["--all"] if all_models else ["--ids-file", str(ids)]),
        "--quiet",
        "--base-url",
        base_url,
        "--concurrency",
        str(CONCURRENCY),
        "--requests-per-minute",
        "0",
    ]
    with Disk(home / ".llm_stats") as disk:
        spend(
            [sys.executable, str(PROGRAMS / "stages.py"), str(file), "run", *options],
            home,
            LLM_STATS_API_KEY=KEY,
        )
    costs: Costs = json.loads(file.read_text())
    costs["all"]["disk_mb"] = disk.peak_mb
    return costs


def show(title: str, runs: dict[str, Costs]) -> None:
    """Print the stages of the runs side by side, as a Markdown table."""
    print(f"\n{title}; CPU seconds, peak memory in MB; load average {os.getloadavg()[0]:.1f}\n")
    print(f"| stage | {' | '.join(runs)} |\n| --- |{' --: |' * len(runs)}")
    for stage in STAGES:
        cells = []
        for costs in runs.values():
            cost = costs.get(stage)
            cells.append(
                f"{cost['seconds']:.2f}, {cost['cpu_seconds']:.2f}, {cost['peak_mb']:.0f}"
                if cost
                else "–"
            )
        print(f"| {stage} | {' | '.join(cells)} |")
    disk = [f"{costs['all']['disk_mb']:.0f}" for costs in runs.values()]
    print(f"| disk, peak MB | {' | '.join(disk)} |")
    sys.stdout.flush()


def size(count: int, home: Path) -> None:
    """Measure runs (by ids and with `--all`) and `llm-stats report` for `count` models."""
    database, runs = home / "llm_stats.duckdb", {}
    with serving(synthetic_catalog(count), 0, home) as base_url:
        response_bytes = (home / "records.json").stat().st_size
        runs["first"] = run(base_url, count, home)
        first_bytes = database.stat().st_size
        runs["unchanged"] = run(base_url, count, home)
    with serving(changed(synthetic_catalog(count), 0), 0, home) as base_url:
        runs["1 % changed"] = run(base_url, count, home)
    with serving(synthetic_catalog(count), 0, home) as base_url:
        database.unlink()
        shutil.rmtree(home / ".llm_stats")
        run(base_url, count, home, all_models=True)
        runs["--all, unchanged"] = run(base_url, count, home, all_models=True)
    with serving(changed(synthetic_catalog(count), 0), 0, home) as base_url:
        runs["--all, 1 % changed"] = run(base_url, count, home, all_models=True)
    show(f"{count:,} models: {response_bytes / 1e6:,.0f} MB of responses", runs)
    page = spend([*LLM_STATS, "report"], home)
    print(
        f"\nfile {first_bytes / 1e6:,.0f} MB, after three runs "
        f"{database.stat().st_size / 1e6:,.0f} MB; rows {rows(database)}"
    )
    size_of_page = f"page {(home / 'llm_stats.html').stat().st_size / 1e6:,.1f} MB"
    print(
        (
            f"{size_of_page}, {page.seconds:.1f} s, CPU {page.cpu_seconds:.1f} s, "
            f"{page.peak_mb:,.0f} MB of memory"
        ),
        flush=True,
    )


def age(hours: int, home: Path) -> None:
    """Measure two runs (unchanged, 1 % changed) on a database with `hours` earlier hourly runs."""
    database = home / "llm_stats.duckdb"
    with serving(synthetic_catalog(LISTED), 0, home) as base_url:
        run(base_url, LISTED, home)
        grow_old(database, hours)
        runs = {"unchanged": run(base_url, LISTED, home)}
    with serving(changed(synthetic_catalog(LISTED), 0), 0, home) as base_url:
        runs["1 % changed"] = run(base_url, LISTED, home)
    show(f"{LISTED} models, {hours:,} hours", runs)
    print(f"\nfile {database.stat().st_size / 1e6:,.0f} MB; rows {rows(database)}", flush=True)


def grow_old(database: Path, hours: int) -> None:
    """Replace the symlink `database` by a copy of the snapshot; simulate earlier hourly runs."""
    snapshot = database.resolve()
    database.unlink()
    shutil.copyfile(snapshot, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"set variable hours = {hours}")
        for statement in _PAST.split(";\n"):
            connection.execute(statement)


_PAST = """
insert into raw.fetches by name
select fetches.* replace (
    requested_at - to_hours(hour) as requested_at,
    format('{}.{:06}', _dlt_load_id, getvariable('hours') - hour) as _dlt_load_id
)
from range(1, getvariable('hours')) as past (hour), raw.fetches as fetches
order by hour desc;

insert into history.row_counts by name
select row_counts.* replace (
    counted_at - to_hours(hour) as counted_at,
    format('{}.{:06}', load_id, getvariable('hours') - hour) as load_id
)
from range(1, getvariable('hours')) as past (hour), history.row_counts as row_counts;

update history.models set
    offers_first_seen_at = offers_first_seen_at - to_hours(getvariable('hours')),
    scores_first_seen_at = scores_first_seen_at - to_hours(getvariable('hours'));

insert into history.offers by name
select offers.* replace (
    input_usd_per_mtok + n as input_usd_per_mtok,
    valid_from - to_hours(2400 * n) as valid_from,
    valid_from - to_hours(2400 * (n - 1)) as valid_to
)
from range(1, getvariable('hours') // 2400 + 1) as past (n), history.offers as offers;

insert into history.scores by name
select scores.* replace (
    score + n as score,
    valid_from - to_hours(2400 * n) as valid_from,
    valid_from - to_hours(2400 * (n - 1)) as valid_to
)
from range(1, getvariable('hours') // 2400 + 1) as past (n), history.scores as scores
"""


def rows(database: Path) -> str:
    """Return the row counts of the larger tables as text."""
    tables = (
        "raw.models__providers",
        "raw.models__scores",
        "raw.fetches",
        "history.offers",
        "history.scores",
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        counts = [
            connection.execute(f"select count(*) from {table}").fetchall()[0][0] for table in tables
        ]
    return ", ".join(f"{table} {count:,}" for table, count in zip(tables, counts, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of size and age, by stage.")
    parser.add_argument("--models", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--hours", type=int, nargs="*", default=[8_760])
    given = parser.parse_args()
    print(f"duckdb {duckdb.__version__}, {os.cpu_count()} cores")
    for measure, values in ((size, given.models), (age, given.hours)):
        for value in values:
            with tempfile.TemporaryDirectory() as folder:
                measure(value, Path(folder))


if __name__ == "__main__":
    main()
