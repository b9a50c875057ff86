-- A score whose benchmark name differs from the most frequent name of that benchmark.
-- Reads: marts.scores, staging.is_most_common, staging.benchmark_label.
with
names as (
    select
        benchmark_id,
        benchmark_name,
        staging.is_most_common(benchmark_id, benchmark_name) as is_most_common
    from marts.scores
    group by
        benchmark_id,
        benchmark_name
),

differing_names as (
    select
        names.benchmark_id,
        names.benchmark_name,
        most_common.benchmark_name as most_common_name
    from names
    inner join names as most_common on names.benchmark_id = most_common.benchmark_id
    where
        most_common.is_most_common
        and lower(replace(names.benchmark_name, '-', ' '))
        <> lower(replace(most_common.benchmark_name, '-', ' '))
)

select
    scores.model_id,
    staging.benchmark_label(scores.benchmark_id) || 'called "' || scores.benchmark_name
    || '" here but usually "' || differing_names.most_common_name || '"' as detail
from marts.scores as scores
inner join differing_names
    on
        scores.benchmark_id = differing_names.benchmark_id
        and scores.benchmark_name = differing_names.benchmark_name;
