-- A benchmark of a reviewed list has no score.
-- Severity: warning
-- Population: all models.
-- Reads: staging.benchmark_aliases, staging.benchmark_categories, staging.scores,
-- staging.catalog_reads, marts.models.
-- Remove the benchmark from the list. The check applies only if a read of the catalog is trusted,
-- every listed model has a record, and most benchmarks of the list have scores.
with
listed_benchmarks as (
    select
        'benchmark_aliases' as list,
        alias as benchmark_id
    from staging.benchmark_aliases
    union
    select
        'benchmark_categories' as list,
        benchmark_id
    from staging.benchmark_categories
),

present_benchmarks as (
    select distinct benchmark_id from staging.scores
    union
    select aliases.benchmark_id
    from staging.scores as scores
    inner join staging.benchmark_aliases as aliases on scores.benchmark_id = aliases.alias
),

judged_lists as (
    select
        listed_benchmarks.list,
        listed_benchmarks.benchmark_id,
        present_benchmarks.benchmark_id is not null as is_present,
        count(present_benchmarks.benchmark_id) over (
            partition by listed_benchmarks.list
        ) as present_count,
        count(*) over (partition by listed_benchmarks.list) as listed_count
    from listed_benchmarks
    left join present_benchmarks
        on listed_benchmarks.benchmark_id = present_benchmarks.benchmark_id
)

select
    list,
    benchmark_id
from judged_lists
where
    not is_present
    and 2 * present_count > listed_count
    and not exists (
        select 1
        from marts.models as models
        where
            models.fetched_at is null
            and models.unlisted_since is null
    )
    and exists (
        select 1
        from staging.catalog_reads as reads
        where reads.is_trusted
    )
