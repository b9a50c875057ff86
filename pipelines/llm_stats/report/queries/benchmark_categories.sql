-- Categories of every benchmark, and whether the benchmark counts on the category's leaderboards.
-- Every benchmark is also in the category `overall`.
-- Grain: benchmark_id, category.
-- Reads: marts.benchmarks, staging.leaderboard_categories, staging.compared_scores.
with
all_categories as (
    select
        benchmark_id,
        category,
        is_independent
    from staging.leaderboard_categories
    union all
    select
        benchmark_id,
        'overall' as category,
        true as is_independent
    from marts.benchmarks
),

counted_benchmarks as (
    select
        benchmark_id,
        bool_or(evidence_scope = 'all') as is_counted,
        bool_or(evidence_scope = 'independent') as is_counted_independent
    from staging.compared_scores
    where is_counted
    group by benchmark_id
)

select
    categories.benchmark_id,
    categories.category,
    coalesce(counted.is_counted, false) as is_counted,
    coalesce(counted.is_counted_independent, false)
    and categories.is_independent as is_counted_independent
from all_categories as categories
inner join marts.benchmarks as benchmarks on categories.benchmark_id = benchmarks.benchmark_id
left join counted_benchmarks as counted on categories.benchmark_id = counted.benchmark_id
order by
    benchmarks.model_count desc,
    categories.benchmark_id,
    categories.category
