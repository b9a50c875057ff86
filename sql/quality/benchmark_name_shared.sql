-- A score on a benchmark that has the same name as another benchmark.
-- Reads: marts.scores, staging.is_most_common, staging.benchmark_label.
with benchmark_names as (
    select
        benchmark_id,
        benchmark_name
    from marts.scores
    group by
        benchmark_id,
        benchmark_name
    qualify staging.is_most_common(benchmark_id, benchmark_name)
),

shared_names as (
    select
        benchmark_name,
        count(*) as benchmark_count
    from benchmark_names
    group by benchmark_name
    having count(*) > 1
)

select
    scores.model_id,
    staging.benchmark_label(scores.benchmark_id)
    || 'one of ' || cast(shared_names.benchmark_count as varchar)
    || ' benchmarks called "' || shared_names.benchmark_name || '"; compared separately' as detail
from marts.scores as scores
inner join benchmark_names on scores.benchmark_id = benchmark_names.benchmark_id
inner join shared_names on benchmark_names.benchmark_name = shared_names.benchmark_name;
