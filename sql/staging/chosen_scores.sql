-- One score for each model and benchmark, chosen from all listed scores.
-- Grain: model_id, benchmark_id.
-- Order: benchmark_id, model_id.
-- Reads: staging.scores, staging.benchmark_aliases.
-- Verified scores are preferred, then third-party scores, then self-reported scores. Among scores
-- with the same evidence, the newest is chosen, then the highest, then the first in the record.
create or replace view staging.chosen_scores as
with
named_scores as (
    select
        scores.model_id,
        coalesce(aliases.benchmark_id, scores.benchmark_id) as benchmark_id,
        scores.benchmark_id as upstream_benchmark_id,
        scores.list_index,
        scores.benchmark_name,
        scores.benchmark_description,
        scores.category,
        scores.score,
        scores.max_score,
        scores.normalized_score,
        scores.is_self_reported,
        scores.is_verified,
        scores.scored_at,
        scores.api_rank,
        scores.source_url
    from staging.scores as scores
    left join staging.benchmark_aliases as aliases on scores.benchmark_id = aliases.alias
),

-- Pairs of model and benchmark with several listed scores. For speed, only the scores of these
-- pairs are sorted.
repeated_benchmarks as (
    select
        model_id,
        benchmark_id
    from named_scores
    group by
        model_id,
        benchmark_id
    having count(*) > 1
),

-- a score that is listed under several categories counts once
distinct_scores as (
    select
        model_id,
        benchmark_id,
        score,
        is_self_reported,
        is_verified,
        scored_at,
        min(list_index) as list_index
    from named_scores
    where (model_id, benchmark_id) in (
        select
            repeated_benchmarks.model_id,
            repeated_benchmarks.benchmark_id
        from repeated_benchmarks
    )
    group by
        model_id,
        benchmark_id,
        upstream_benchmark_id,
        benchmark_name,
        score,
        max_score,
        normalized_score,
        is_self_reported,
        is_verified,
        scored_at,
        source_url
),

chosen_among_repeated as (
    select
        model_id,
        benchmark_id,
        list_index,
        count(*) over same_benchmark as score_count,
        min(score) over same_benchmark < max(score) over same_benchmark as is_disputed
    from distinct_scores
    window same_benchmark as (partition by model_id, benchmark_id)
    qualify row_number() over (
        partition by model_id, benchmark_id
        order by
            is_verified desc,
            is_self_reported and not is_verified,
            scored_at desc nulls last,
            score desc,
            list_index
    ) = 1
)

select
    named_scores.model_id,
    named_scores.benchmark_id,
    named_scores.upstream_benchmark_id,
    named_scores.benchmark_name,
    named_scores.benchmark_description,
    named_scores.category,
    named_scores.score,
    named_scores.max_score,
    named_scores.normalized_score,
    named_scores.is_self_reported,
    named_scores.is_verified,
    case
        when named_scores.is_verified then 'verified'
        when not named_scores.is_self_reported then 'third_party'
        else 'self_reported'
    end as evidence,
    named_scores.scored_at,
    named_scores.api_rank,
    named_scores.source_url,
    coalesce(chosen_among_repeated.score_count, 1) as score_count,
    coalesce(chosen_among_repeated.is_disputed, false) as is_disputed
from named_scores
left join chosen_among_repeated
    on
        named_scores.model_id = chosen_among_repeated.model_id
        and named_scores.benchmark_id = chosen_among_repeated.benchmark_id
where coalesce(chosen_among_repeated.list_index = named_scores.list_index, true);

comment on view staging.chosen_scores is 'One row per model and benchmark: the chosen score';
comment on column staging.chosen_scores.benchmark_id is 'Benchmark id that the marts use: see staging.benchmark_aliases';
comment on column staging.chosen_scores.upstream_benchmark_id is 'Upstream benchmark id of the chosen score';
comment on column staging.chosen_scores.benchmark_description is 'Description of the benchmark; null if none is given';
comment on column staging.chosen_scores.is_verified is 'True if LLM Stats checked the score independently';
comment on column staging.chosen_scores.evidence is 'Evidence for the score: `verified` (LLM Stats checked it), `third_party`, or `self_reported` (only the model''s maker)';
comment on column staging.chosen_scores.api_rank is 'Upstream rank on the benchmark, 1 is best; null if not ranked';
comment on column staging.chosen_scores.score_count is 'Number of scores listed for the model on this benchmark; a score that is listed under several categories counts once';
comment on column staging.chosen_scores.is_disputed is 'True if the listed scores of the model on the benchmark differ';
