"""Requests of runs with `--all`: per kind of run, and over a simulated year.

    python tests/bench/quota.py            both tables; about ten minutes
    python tests/bench/quota.py --days 30  a shorter simulation; 0: no simulation

Each run is a real run against the sample API, with an injected clock. The first table shows the
units of the quota and the bytes of the responses, with and without ETags. In the simulation, the
catalog grows from 335 to 430 models, and each run has a budget of 250 requests. Every day, 1 % of
the models change a price, and 1 % change a score. The catalog shows prices but no scores.
"""

from __future__ import annotations

import argparse
import copy
import datetime as dt
import random
import statistics
import sys
import tempfile
import threading
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from llm_stats.sample.http import Request, Response
from llm_stats.sample.planned import PlannedFeatures
from llm_stats.settings import Settings
from support.synthetic_catalog import synthetic_catalog

START = dt.datetime(2026, 1, 1, 5, tzinfo=dt.UTC)
QUOTA = 250
FIRST_SIZE, LAST_SIZE = 335, 430


class Upstream:
    """Catalog of the simulated API, with methods that add and change models."""

    def __init__(self, models: int, providers: int = 2, scores: int = 4) -> None:
        self.reserve = synthetic_catalog(models, providers, scores)
        self.records: list[dict[str, Any]] = []
        self.dice = random.Random(0)

    def grow(self, size: int) -> None:
        while len(self.records) < size:
            self.records.append(copy.deepcopy(self.reserve[len(self.records)]))

    def change_prices(self, day: int) -> None:
        for record in self._one_percent():
            record["providers"][0]["input_price_per_m"] = 1 + day / 1000
            record["updated_at"] = (START + dt.timedelta(days=day)).isoformat()

    def change_scores(self, day: int) -> None:
        for record in self._one_percent():
            record["scores"][0]["score"] = day / 1000

    def _one_percent(self) -> list[dict[str, Any]]:
        return self.dice.sample(self.records, max(1, len(self.records) // 100))


class Cost(NamedTuple):
    """Cost of one run: requests, units of the quota, bytes of the responses, outcomes."""

    requests: int
    units: int
    sent_bytes: int
    outcomes: dict[str, int]


class CountingApi(SampleApi):
    """Sample API that counts the units and bytes of its responses."""

    def __init__(self, records: list[dict[str, Any]], *, has_etags: bool) -> None:
        super().__init__(records, planned=PlannedFeatures() if has_etags else None)
        self.units = self.sent_bytes = 0
        self._counting = threading.Lock()

    def send(self, request: Request, response: Response, stream: BufferedIOBase) -> None:
        with self._counting:
            self.units += response.status == 200
            self.sent_bytes += len(response.head) + len(response.body)
        super().send(request, response, stream)


def costs_of_runs(models: int, *, has_etags: bool) -> dict[str, Cost]:
    """Return the cost of each kind of run."""
    upstream = Upstream(models, providers=8, scores=30)
    upstream.grow(models)
    costs: dict[str, Cost] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        CountingApi(upstream.records, has_etags=has_etags) as api,
    ):
        settings = demo_settings(api, Path(name) / "quota.duckdb")

        def run(kind: str, day: float, *, catalog_only: bool = False) -> None:
            units, sent_bytes = api.units, api.sent_bytes
            result = execute(
                settings,
                all_models=True,
                catalog_only=catalog_only,
                clock=lambda: START + dt.timedelta(days=day),
            )
            costs[kind] = Cost(
                result.requests_sent,
                api.units - units,
                api.sent_bytes - sent_bytes,
                dict(result.outcomes),
            )

        run("first run", 0)
        run("unchanged day", 0.5)
        upstream.change_prices(1)
        api.publish(upstream.records)
        run("day with 1 % changed", 1)
        run("hourly watch", 1.5, catalog_only=True)
        run("all a week old, unchanged", 8)
    return costs


def _run_at(settings: Settings, now: dt.datetime) -> int:
    """Run `--all` at the time `now`; return the number of requests sent."""
    return execute(settings, all_models=True, clock=lambda: now).requests_sent


_PRICES = "select model_id, max(input_usd_per_mtok) from marts.offers group by model_id"
_FETCH_TIMES = "select id, fetched_at from raw.models"


def simulate(days: int) -> None:
    """Run once a day for `days` simulated days; print requests, wrong prices and record age."""
    upstream = Upstream(LAST_SIZE)
    requests: list[int] = []
    wrong_price_days, oldest_days = 0, 0.0
    with tempfile.TemporaryDirectory() as name, SampleApi([]) as api:
        database = Path(name) / "quota.duckdb"
        settings = demo_settings(api, database).model_copy(update={"max_requests": QUOTA})
        for day in range(days):
            now = START + dt.timedelta(days=day)
            upstream.grow(FIRST_SIZE + (LAST_SIZE - FIRST_SIZE) * day // max(days - 1, 1))
            if day:
                upstream.change_prices(day)
                upstream.change_scores(day)
            api.publish(upstream.records)
            requests.append(_run_at(settings, now))
            with duckdb.connect(str(database), read_only=True) as connection:
                prices = dict(connection.execute(_PRICES).fetchall())
                fetched_at = dict(connection.execute(_FETCH_TIMES).fetchall())
            for record in upstream.records:
                price = max(offer["input_price_per_m"] for offer in record["providers"])
                wrong_price_days += abs(prices.get(record["id"], -1) - price) > 1e-9
            if day > 1:
                today = now.replace(tzinfo=None)
                oldest = min(fetched_at[record["id"]] for record in upstream.records[:FIRST_SIZE])
                oldest_days = max(oldest_days, (today - oldest) / dt.timedelta(days=1))
            print(f"day {day + 1}: {requests[-1]} requests", end="\r", flush=True)
    print(f"{days} days, {FIRST_SIZE} to {LAST_SIZE} models, at most {QUOTA} requests a day")
    print(f"  requests a day: mean {statistics.mean(requests):.1f}, most {max(requests)}")
    print(f"  wrong prices after a run, in model-days: {wrong_price_days}")
    print(f"  oldest record after day 2: {oldest_days:.1f} days")


def main() -> None:
    parser = argparse.ArgumentParser(description="Requests of runs with --all.")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--models", type=int, nargs="+", default=[335, 10_000])
    given = parser.parse_args()
    for models in given.models:
        for has_etags in (False, True):
            costs = costs_of_runs(models, has_etags=has_etags)
            print(f"{models:,} models, {'with' if has_etags else 'without'} ETags")
            for kind, cost in costs.items():
                print(
                    f"  {kind:26} {cost.requests:6,} requests {cost.units:6,} units "
                    f"{cost.sent_bytes:12,} bytes  {cost.outcomes}"
                )
    if given.days:
        simulate(given.days)


if __name__ == "__main__":
    main()
