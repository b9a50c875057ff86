-- Every benchmark. `is_counted` is true if the benchmark counts on the leaderboards.
-- Grain: benchmark_id.
-- Order: marts.benchmarks.
-- Reads: marts.benchmarks, staging.compared_scores.
with
counted_benchmarks as (
    select distinct benchmark_id
    from staging.compared_scores
    where
        evidence_scope = 'all'
        and is_counted
)

select
    benchmarks.benchmark_id,
    benchmarks.benchmark_name,
    benchmarks.category,
    benchmarks.description,
    benchmarks.scale,
    benchmarks.is_lower_better,
    benchmarks.is_comparable,
    benchmarks.not_comparable_reason,
    benchmarks.model_count,
    benchmarks.priced_model_count,
    benchmarks.self_reported_share,
    counted_benchmarks.benchmark_id is not null as is_counted
from marts.benchmarks as benchmarks
left join counted_benchmarks on benchmarks.benchmark_id = counted_benchmarks.benchmark_id
