-- One score for each model and benchmark, chosen from all listed scores, and its rank among the
-- models.
-- Grain: model_id, benchmark_id.
-- Order: is_comparable desc, model_count desc, benchmark_id, benchmark_rank, model_id.
-- Reads: staging.scores, staging.lower_is_better_benchmarks, staging.win_rate.
create or replace view marts.scores as
with
-- Pairs of model and benchmark with several listed scores. For speed, only the scores of these
-- pairs are sorted.
repeated_benchmarks as (
    select
        model_id,
        benchmark_id
    from staging.scores
    group by
        model_id,
        benchmark_id
    having count(*) > 1
),

-- a score that is listed under several categories counts once
distinct_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        scores.score,
        scores.is_self_reported,
        scores.is_verified,
        scores.scored_at,
        min(scores.list_index) as list_index
    from staging.scores as scores
    where (scores.model_id, scores.benchmark_id) in (
        select
            repeated_benchmarks.model_id,
            repeated_benchmarks.benchmark_id
        from repeated_benchmarks
    )
    group by
        scores.model_id,
        scores.benchmark_id,
        scores.benchmark_name,
        scores.score,
        scores.max_score,
        scores.normalized_score,
        scores.is_self_reported,
        scores.is_verified,
        scores.scored_at,
        scores.source_url
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
            scored_at desc,
            score desc,
            list_index
    ) = 1
),

chosen_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        scores.benchmark_name,
        scores.category,
        scores.score,
        scores.normalized_score,
        scores.max_score,
        scores.is_verified,
        scores.is_self_reported,
        scores.scored_at,
        scores.api_rank,
        scores.source_url,
        case
            when scores.is_verified then 'verified'
            when not scores.is_self_reported then 'third_party'
            else 'self_reported'
        end as evidence,
        coalesce(chosen_among_repeated.score_count, 1) as score_count,
        coalesce(chosen_among_repeated.is_disputed, false) as is_disputed
    from staging.scores as scores
    left join chosen_among_repeated
        on
            scores.model_id = chosen_among_repeated.model_id
            and scores.benchmark_id = chosen_among_repeated.benchmark_id
    where coalesce(chosen_among_repeated.list_index = scores.list_index, true)
),

benchmark_scales as (
    select
        benchmark_id,
        count(*) as model_count,
        case when bool_and(normalized_score is not null) then 'normalized' else 'raw' end as scale,
        case
            when count(*) < 2 then 'fewer than 2 models'
            when
                not bool_and(normalized_score is not null)
                and max(score) > 1
                and max(score) > 10 * median(score) filter (where score between 0 and 1)
                then 'values look like two units mixed'
        end as not_comparable_reason
    from chosen_scores
    group by benchmark_id
),

valued_scores as (
    select
        chosen_scores.model_id,
        chosen_scores.benchmark_id,
        chosen_scores.benchmark_name,
        chosen_scores.category,
        chosen_scores.score,
        chosen_scores.normalized_score,
        chosen_scores.max_score,
        chosen_scores.is_verified,
        chosen_scores.is_self_reported,
        chosen_scores.scored_at,
        chosen_scores.api_rank,
        chosen_scores.source_url,
        chosen_scores.evidence,
        chosen_scores.score_count,
        chosen_scores.is_disputed,
        benchmark_scales.model_count,
        benchmark_scales.scale,
        benchmark_scales.not_comparable_reason,
        lower_is_better_benchmarks.benchmark_id is not null as is_lower_better,
        case
            when benchmark_scales.scale = 'normalized' then chosen_scores.normalized_score
            else chosen_scores.score
        end as value
    from chosen_scores
    inner join benchmark_scales on chosen_scores.benchmark_id = benchmark_scales.benchmark_id
    left join staging.lower_is_better_benchmarks as lower_is_better_benchmarks
        on chosen_scores.benchmark_id = lower_is_better_benchmarks.benchmark_id
),

directed_scores as (
    select
        benchmark_id,
        case when is_lower_better then -value else value end as directed_value
    from valued_scores
),

-- For each distinct value on a benchmark: how many models have this value, and how many have this
-- value or a worse one.
value_places as (
    select
        benchmark_id,
        directed_value,
        count(*) as tie_count,
        cast(sum(count(*)) over worst_first as bigint) as no_better_count,
        max(directed_value) over (partition by benchmark_id) as best_directed_value
    from directed_scores
    group by
        benchmark_id,
        directed_value
    window worst_first as (
        partition by benchmark_id
        order by directed_value
        rows between unbounded preceding and current row
    )
)

select
    valued_scores.model_id,
    valued_scores.benchmark_id,
    valued_scores.benchmark_name,
    valued_scores.category,
    valued_scores.scale,
    valued_scores.value,
    valued_scores.is_lower_better,
    valued_scores.model_count - value_places.no_better_count + 1 as benchmark_rank,
    staging.win_rate(
        value_places.no_better_count, value_places.tie_count, valued_scores.model_count
    ) as win_rate,
    value_places.best_directed_value - value_places.directed_value as gap_to_best,
    valued_scores.model_count,
    valued_scores.not_comparable_reason is null as is_comparable,
    valued_scores.not_comparable_reason,
    valued_scores.evidence,
    valued_scores.score_count,
    valued_scores.is_disputed,
    valued_scores.score,
    valued_scores.normalized_score,
    valued_scores.max_score,
    valued_scores.is_verified,
    valued_scores.is_self_reported,
    valued_scores.scored_at,
    valued_scores.api_rank,
    valued_scores.source_url
from valued_scores
inner join value_places
    on
        valued_scores.benchmark_id = value_places.benchmark_id
        and case
            when valued_scores.is_lower_better then -valued_scores.value
            else valued_scores.value
        end = value_places.directed_value;

comment on view marts.scores is 'One row per model and benchmark: the chosen score, and its rank among the models. Verified scores are preferred, then third-party scores, then self-reported scores. Among scores with the same evidence, the newest is chosen, then the highest (even where lower is better), then the first in the record''s list. Compare `value`, never `score`, and only where is_comparable is true. Where is_comparable is false, rank and win rate are not meaningful. Models that left the catalog keep their scores and count in ranks and win rates';
comment on column marts.scores.benchmark_name is 'Display name of the benchmark, from the chosen score; never a key';
comment on column marts.scores.category is 'Category of the benchmark, from the chosen score; null if none is given';
comment on column marts.scores.scale is 'Scale of `value`: `normalized` (0 to 1) if every model with a score on the benchmark has a normalized score, else `raw` (the benchmark''s own unit)';
comment on column marts.scores.value is 'Result on the benchmark, on the scale given in `scale`. Use it to compare models on one benchmark; use win_rate to compare across benchmarks';
comment on column marts.scores.is_lower_better is 'True if a smaller value is better, as for a word error rate';
comment on column marts.scores.benchmark_rank is 'Rank among the models with a score on the benchmark, 1 is best; equal values share a rank';
comment on column marts.scores.win_rate is 'Share of the other models that this model beats on the benchmark; a tie counts as half a win; 1 is best, 0 is worst; null if there is no other model';
comment on column marts.scores.gap_to_best is 'Distance from `value` to the best value on the benchmark, never negative; 0 if this model has the best value';
comment on column marts.scores.model_count is 'Number of models with a score on the benchmark';
comment on column marts.scores.is_comparable is 'True if the values of the benchmark can be compared; if false, leaderboards and price comparisons exclude the benchmark';
comment on column marts.scores.not_comparable_reason is 'Why the values of the benchmark cannot be compared; null if they can be compared';
comment on column marts.scores.evidence is 'Who confirms the chosen score: `verified` (LLM Stats checked it), `third_party`, or `self_reported` (only the model''s maker)';
comment on column marts.scores.score_count is 'Number of scores listed for the model on this benchmark; a score that is listed under several categories counts once';
comment on column marts.scores.is_disputed is 'True if two or more different scores of the model on the benchmark are listed';
comment on column marts.scores.score is 'The chosen score in the benchmark''s own unit: fraction, percent, Elo, dollars';
comment on column marts.scores.normalized_score is 'The chosen score on a scale of 0 to 1; null if not published';
