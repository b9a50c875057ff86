-- Categories of every benchmark, and whether the benchmark counts on the category's leaderboards.
-- Every benchmark is also in the category `overall`.
-- Grain: benchmark_id, category.
-- Reads: marts.benchmarks, staging.scores, staging.benchmark_aliases, staging.benchmark_categories,
-- staging.compared_scores.
-- Categories come from upstream and from staging.benchmark_categories, as in marts.leaderboard.
with
listed_categories as (
    select
        coalesce(aliases.benchmark_id, scores.benchmark_id) as benchmark_id,
        scores.category,
        scores.is_verified or not scores.is_self_reported as is_independent
    from staging.scores as scores
    left join staging.benchmark_aliases as aliases on scores.benchmark_id = aliases.alias
    where scores.category <> 'overall'
    union all
    select
        benchmark_id,
        category,
        true as is_independent
    from staging.benchmark_categories
    union all
    select
        benchmark_id,
        'overall' as category,
        true as is_independent
    from marts.benchmarks
),

scoped_categories as (
    select
        benchmark_id,
        category,
        bool_or(is_independent) as is_independent
    from listed_categories
    group by
        benchmark_id,
        category
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
from scoped_categories as categories
inner join marts.benchmarks as benchmarks on categories.benchmark_id = benchmarks.benchmark_id
left join counted_benchmarks as counted on categories.benchmark_id = counted.benchmark_id
order by
    benchmarks.model_count desc,
    categories.benchmark_id,
    categories.category
