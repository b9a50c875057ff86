"""Time of each mart on a large catalog: `python tests/bench/marts.py [MODELS]`.

The catalog is synthetic: 10,000 models with 8 offers and 30 scores each. It contains ties, free
offers, unavailable offers and missing prices. Each offer has three earlier prices, and two percent
of the models left the catalog for a while. DuckDB uses two threads. For each mart, two
typical queries of a dashboard are measured: `select count(*)`, and `select *` filtered by one
model, benchmark, provider or category. No query reuses earlier results, because views store no
data. Each query runs three times, and the shortest wall-clock time is printed with the CPU time.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
from llm_stats.transform import files
from support.raw_tables import RawTables

_LIMIT_SECONDS = 1.0

_FILL = """
insert into raw.models by name
select
    format('model-{:05d}', i) as id, format('Model {}', i // 2) as name, '' as description,
    format('org-{}', i % 60) as organization__id, 'Org' as organization__name, 'mit' as license__id,
    'MIT' as license__name,
    i % 3 = 0 as license__allow_commercial, i % 2 = 0 as open_weight, 'llm' as model_type,
    false as inference__available,
    timestamp '2026-01-01' as created_at, timestamp '2026-01-01' as updated_at, 'bench' as source,
    '' as url,
    timestamp '2026-02-01' as fetched_at, format('{}', i) as content_hash,
    8 as provider_count, 30 as score_count, 0 as modality_count, 0 as top_score_count,
    '1' as _dlt_load_id
from range({models}) as t (i);

insert into raw.models__providers by name
select
    format('model-{:05d}', i) as model_id, format('provider-{}', (i + j * 7) % 40) as provider_id,
    'Provider' as provider_name,
    case when hash(i, j, 1) % 20 = 0 then 'inactive' else 'active' end as status,
    case when hash(i, j, 2) % 50 = 0 then null when hash(i, j, 3) % 60 = 0 then 0
        else hash(i, j, 4) % 400 / 10 end as input_price_per_m,
    case when hash(i, j, 3) % 60 = 0 then 0 else hash(i, j, 5) % 1000 / 10
        end as output_price_per_m,
    j as _dlt_list_idx
from range({models}) as t (i), range(8) as u (j);

insert into raw.models__scores by name
select
    format('model-{:05d}', i) as model_id,
    format('benchmark-{:03d}', (i + j * 11) % 300) as benchmark_id,
    format('Benchmark {}', (i + j * 11) % 300) as benchmark_name,
    hash(i, j, 6) % 1000 / 1000 as score, 1.0 as max_score,
    hash(i, j, 7) % 3 > 0 as is_self_reported,
    hash(i, j, 7) % 3 = 0 as verified_by_llmstats,
    timestamp '2026-01-01' + interval (hash(i, j, 8) % 100) day as scored_at,
    format('category-{}', (i + j * 11) % 300 % 12) as category,
    case when (i + j * 11) % 300 % 5 > 0 then score end as normalized_score,
    j as _dlt_list_idx
from range({models}) as t (i), range(30) as u (j);

insert into raw._dlt_loads (load_id, status, inserted_at) values ('1', 0, timestamp '2026-02-01');

insert into raw.fetches by name
select id as model_id, fetched_at as requested_at, 'loaded' as outcome, 1 as attempts,
1 as elapsed_ms, '1' as _dlt_load_id
from raw.models;

insert into raw._dlt_loads (load_id, status, inserted_at) values ('1', 0, timestamp '2026-02-01');
"""

_FILL_HISTORY = """
insert into history.offers by name
select
    model_id, provider_id, offer_number, provider_name, status,
    hash(model_id, provider_id, period, 1) % 400 / 10 as input_usd_per_mtok,
    hash(model_id, provider_id, period, 2) % 1000 / 10 as output_usd_per_mtok,
    timestamp '2025-02-01'
    + interval (period * 90 + if(period = 0, 0, hash(model_id, provider_id, period) % 90)) day
        as valid_from,
    case
        when period = 2 then valid_from
        else
            timestamp '2025-02-01'
            + interval (
                (period + 1) * 90 + hash(model_id, provider_id, period + 1) % 90
            ) day
    end as valid_to
from history.offers, range(3) as t (period);

update history.models set offers_first_seen_at = timestamp '2025-02-01';

insert into history.listings by name
select
    model_id, number <> 1 as is_listed, 'catalog' as reason, '1' as load_id,
    timestamp '2025-02-01' + interval (number * 120) day as valid_from,
    case when number < 2 then timestamp '2025-02-01' + interval ((number + 1) * 120) day
        end as valid_to
from history.models, range(3) as t (number)
where hash(model_id) % 50 = 0;
"""

#: `where` conditions by column. A mart is filtered by the first of these columns that it has.
_FILTERS = {
    "category": "category = 'category-5' and evidence_scope = 'independent'",
    "benchmark_id": "benchmark_id = 'benchmark-042'",
    "model_id": "model_id = 'model-00042'",
    "provider_id": "provider_id = 'provider-7'",
}


def main(models: int) -> int:
    connection = duckdb.connect(config={"threads": 2})
    raw = RawTables(connection)
    started = time.perf_counter()
    for statement in _FILL.split(";\n"):
        connection.execute(statement.replace("{models}", str(models)))
    connection.execute("set timezone = 'UTC'")
    filled = time.perf_counter()
    raw.apply()
    for statement in _FILL_HISTORY.split(";\n"):
        connection.execute(statement)
    print(
        f"{models} models: made in {filled - started:.1f} s, history and views in "
        f"{time.perf_counter() - filled:.1f} s"
    )
    times: dict[str, tuple[float, float]] = {}
    for mart in (file.address for file in files.files_in("marts")):
        columns = [column for (column, *_) in connection.execute(f"describe {mart}").fetchall()]
        keys = [
            key
            for key in _FILTERS
            if key in columns and not (key == "category" and "evidence_scope" not in columns)
        ]
        queries = {
            "count": f"select count(*) from {mart}",
            "filter": f"select * from {mart} where {_FILTERS[keys[0]]}",
        }
        for kind, query in queries.items():
            times[f"{mart} {kind}"] = min(_seconds(connection, query) for _ in range(3))
        shown = [
            f"{kind} {wall:6.3f} s (cpu {cpu:6.3f} s)"
            for kind in queries
            for wall, cpu in [times[f"{mart} {kind}"]]
        ]
        print(f"{mart:30} {'   '.join(shown)}")
    slowest = max(times, key=lambda name: times[name])
    print(f"slowest: {slowest}, {times[slowest][0]:.3f} s (limit {_LIMIT_SECONDS} s)")
    return int(times[slowest][0] > _LIMIT_SECONDS)


def _seconds(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[float, float]:
    """Return the wall-clock time and the CPU time of a query."""
    wall, cpu = time.perf_counter(), time.process_time()
    connection.execute(query).fetchall()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    print(f"duckdb {duckdb.__version__}, {dt.date.today()}")  # noqa: DTZ011
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
