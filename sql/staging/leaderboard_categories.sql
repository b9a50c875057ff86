-- Categories of benchmarks, from upstream and from staging.benchmark_categories.
-- Grain: benchmark_id, category.
-- Order: category, benchmark_id.
-- Reads: staging.scores, staging.benchmark_aliases, staging.benchmark_categories.
-- Upstream gives a category with each score, so a benchmark can have several categories. The
-- benchmark belongs to all of them for every model, so that all models of a category are compared
-- on the same benchmarks. The category `overall` contains every benchmark, so it has no rows here.
create or replace view staging.leaderboard_categories as
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
)

select
    benchmark_id,
    category,
    bool_or(is_independent) as is_independent
from listed_categories
group by
    benchmark_id,
    category;

comment on view staging.leaderboard_categories is 'One row per benchmark and category, from upstream or from staging.benchmark_categories, without the category `overall`';
comment on column staging.leaderboard_categories.benchmark_id is 'Benchmark id of the marts: see staging.benchmark_aliases';
comment on column staging.leaderboard_categories.category is 'Category of the benchmark';
comment on column staging.leaderboard_categories.is_independent is 'True if the category is from staging.benchmark_categories, or if upstream gives it with an independent score. The evidence scope `independent` uses only these categories';
