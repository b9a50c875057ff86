"""Cost of a year of history: `python tests/bench/history.py`, or `--days 30` for a quick test.

On each simulated day all models are fetched again, and 1 % of their offers and scores change. Only
the SQL under `sql/` is measured, in a DuckDB file on disk. As in dlt, a load deletes and inserts
rows of the raw tables in one transaction. After the first and the last day, several runs without
changes are measured, and the median of their times is printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
from llm_stats.connection import DuckDBConnection, transaction
from llm_stats.transform import apply
from support.raw_tables import SNAPSHOT_ID, RawTables

TRIES = 9
FIRST_DAY = dt.datetime(2026, 1, 1, 6)  # noqa: DTZ001  every stored time is UTC without a zone


@dataclass(frozen=True)
class Size:
    days: int
    models: int
    offers: int
    scores: int


def start(path: Path, size: Size) -> None:
    """Create a database file whose raw tables contain the first load."""
    with duckdb.connect(str(path)) as connection:
        RawTables(connection)
        connection.execute(
            """
            insert into raw.models by name
            select
                'model-' || n as id, 'Model ' || n as name, '' as description,
                'org-' || n % 16 as organization__id,
                'Organization ' || n % 16 as organization__name, 'mit' as license__id,
                'MIT' as license__name,
                true as license__allow_commercial, true as open_weight, 'llm' as model_type,
                false as inference__available,
                timestamp '2025-01-01' as created_at, timestamp '2025-01-01' as updated_at,
                'bench' as source, '' as url,
                cast(? as timestamp) as fetched_at, n as content_hash,
                8 as provider_count, 30 as score_count, 0 as modality_count, 0 as top_score_count,
                '0' as _dlt_load_id
            from range(?) as numbers(n)
            """,
            [FIRST_DAY, size.models],
        )
        connection.execute(
            """
            insert into raw.models__providers by name
            select
                id as model_id, 'provider-' || n as provider_id, 'Provider ' || n as provider_name,
                'active' as status,
                hash(id, n) % 1000 / 100 as input_price_per_m,
                hash(n, id) % 3000 / 100 as output_price_per_m,
                n as _dlt_list_idx
            from raw.models, range(?) as numbers(n)
            """,
            [size.offers],
        )
        connection.execute(
            """
            insert into raw.models__scores by name
            select
                id as model_id, 'benchmark-' || n as benchmark_id,
                'Benchmark ' || n as benchmark_name,
                hash(id, n) % 1000 / 1000 as score, 1 as max_score,
                hash(id, n) % 1000 / 1000 as normalized_score,
                true as is_self_reported, false as verified_by_llmstats,
                timestamp '2025-01-01' as scored_at,
                'category-' || n % 7 as category, n as rank,
                'https://example.org/' || id || '/' || n as source_url,
                n as _dlt_list_idx
            from raw.models, range(?) as numbers(n)
            """,
            [size.scores],
        )


def load(
    connection: duckdb.DuckDBPyConnection, day: int, moment: dt.datetime, changed_pct: int
) -> None:
    """Load all models again, with new values in `changed_pct` percent of the offers and scores."""
    drawn = "hash(model_id, _dlt_list_idx, $day) % 100 < $changed"
    random = "hash($day, model_id, _dlt_list_idx) % 1000"
    value = {
        "models": "cast($moment as timestamp) as fetched_at",
        "models__providers": (
            f"case when {drawn} then {random} / 100 else input_price_per_m end as input_price_per_m"
        ),
        "models__scores": f"case when {drawn} then {random} / 1000 else score end as score",
    }
    connection.begin()
    for table, replaced in value.items():
        parameters = (
            {"moment": moment} if table == "models" else {"day": day, "changed": changed_pct}
        )
        connection.execute(
            (
                f"create or replace temp table arrived as select * replace ({replaced}) from "
                f"raw.{table}"
            ),
            parameters,
        )
        connection.execute(f"delete from raw.{table}")
        connection.execute(f"insert into raw.{table} from arrived")
    connection.execute(
        """
        insert into raw.fetches by name
        select
            id as model_id, fetched_at as requested_at, 'loaded' as outcome, 1 as attempts,
            100 as elapsed_ms,
            cast(fetched_at as varchar) as _dlt_load_id
        from raw.models
        """
    )
    connection.commit()


def run(path: Path, day: int, moment: dt.datetime, changed_pct: int) -> float:
    """Load one day; return the seconds to create the views and update the history afterwards."""
    with duckdb.connect(str(path)) as connection:
        load(connection, day, moment, changed_pct)
        started = time.perf_counter()
        with transaction(connection):
            apply.create_views(DuckDBConnection(connection), SNAPSHOT_ID)
            apply.update_history(DuckDBConnection(connection))
        return time.perf_counter() - started


def unchanged(path: Path, day: int) -> float:
    """Repeat the run of a day several times without changes; return the median time."""
    moments = [FIRST_DAY + dt.timedelta(days=day, minutes=minute) for minute in range(1, TRIES + 1)]
    return statistics.median(run(path, day, moment, 0) for moment in moments)


def as_of(path: Path, moment: dt.datetime) -> tuple[float, int]:
    """Return the median time to read all rows of `prices_as_of`, and the number of rows."""
    seconds: list[float] = []
    with duckdb.connect(str(path), read_only=True) as connection:
        for _ in range(TRIES):
            started = time.perf_counter()
            rows = len(
                connection.execute(
                    "from marts.prices_as_of($moment)", {"moment": moment}
                ).fetchall()
            )
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), rows


def main(size: Size, path: Path) -> None:
    start(path, size)
    run(path, 0, FIRST_DAY, 0)
    before = unchanged(path, 0)
    first_size = path.stat().st_size
    changed = []
    for day in range(1, size.days):
        changed.append(run(path, day, FIRST_DAY + dt.timedelta(days=day), 1))
        if day % 50 == 0:
            print(f"day {day}: {changed[-1] * 1000:.0f} ms", file=sys.stderr)
    after = unchanged(path, size.days - 1)
    with duckdb.connect(str(path), read_only=True) as connection:
        counts = connection.execute(
            "select (select count(*) from history.offers), (select count(*) from "
            "history.scores), (select count(*) from raw.fetches)"
        ).fetchone()
    seconds, rows = as_of(path, FIRST_DAY + dt.timedelta(days=size.days // 2))
    print(f"{size}")
    print(f"rows: history.offers, history.scores, raw.fetches = {counts}")
    print(
        f"file: {first_size / 1e6:.1f} MB after the first day, "
        f"{path.stat().st_size / 1e6:.1f} MB after the last"
    )
    print(
        f"a run without a change: first {before * 1000:.0f} ms, last {after * 1000:.0f} ms, "
        f"ratio {after / before:.2f}"
    )
    early, late = (statistics.median(part) for part in (changed[:20], changed[-20:]))
    print(
        f"a run with 1 % changed: first 20 {early * 1000:.0f} ms, last 20 {late * 1000:.0f} "
        f"ms, ratio {late / early:.2f}"
    )
    print(f"prices_as_of in the middle: {seconds * 1000:.0f} ms for {rows} rows")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Simulate a year of daily runs and measure the history."
    )
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--offers", type=int, default=8, help="offers of each model")
    parser.add_argument("--scores", type=int, default=30, help="scores of each model")
    with tempfile.TemporaryDirectory() as folder:
        main(Size(**vars(parser.parse_args())), Path(folder) / "bench.duckdb")
