-- A model's number of scores on a benchmark differs between its record, the history and the marts.
-- Severity: error
-- Reads: staging.scores, staging.benchmark_aliases, history.scores, marts.scores.
-- A score that is listed under several categories counts once. Scores under an alias count for the
-- canonical benchmark id.
with
distinct_scores as (
    select distinct
        model_id,
        benchmark_id,
        benchmark_name,
        score,
        max_score,
        normalized_score,
        is_self_reported,
        is_verified,
        scored_at,
        source_url
    from staging.scores
),

upstream_scores as (
    select
        model_id,
        benchmark_id,
        1 as in_record,
        0 as in_history,
        0 as in_marts
    from distinct_scores
    union all
    select
        model_id,
        benchmark_id,
        0 as in_record,
        1 as in_history,
        0 as in_marts
    from history.scores
    where valid_to is null
),

counted_scores as (
    select
        scores.model_id,
        coalesce(aliases.benchmark_id, scores.benchmark_id) as benchmark_id,
        scores.in_record,
        scores.in_history,
        scores.in_marts
    from upstream_scores as scores
    left join staging.benchmark_aliases as aliases on scores.benchmark_id = aliases.alias
    union all
    select
        model_id,
        benchmark_id,
        0 as in_record,
        0 as in_history,
        score_count as in_marts
    from marts.scores
)

select
    model_id,
    benchmark_id,
    sum(in_record) as in_record,
    sum(in_history) as in_history,
    sum(in_marts) as in_marts
from counted_scores
group by
    model_id,
    benchmark_id
having
    sum(in_record) <> sum(in_history)
    or sum(in_record) <> sum(in_marts)
