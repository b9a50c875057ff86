-- One score for each model and benchmark, chosen from all that are listed, and where it stands among the models.
-- Grain: model_id, benchmark_id.
-- Reads: staging.scores, staging.lower_is_better_benchmarks.
-- Chosen: verified before third-party before self-reported, then the newest, then the highest (also where lower is better), then the first listed.
-- Compare on `value`, never on `score`, and only where marts.benchmarks.is_comparable: rank and win rate are given for every benchmark.
create or replace view marts.scores as
with
graded_entries as (
    select
        model_id,
        benchmark_id,
        benchmark_name,
        category,
        score,
        normalized_score,
        max_score,
        is_verified,
        is_self_reported,
        scored_at,
        api_rank,
        source_url,
        list_index,
        case
            when is_verified then 'verified'
            when not is_self_reported then 'third_party'
            else 'self_reported'
        end as evidence,
        count(*) over (partition by model_id, benchmark_id) as score_count,
        min(score) over (partition by model_id, benchmark_id) < max(score) over (partition by model_id, benchmark_id) as is_disputed
    from staging.scores
),

chosen_scores as (
    select
        model_id,
        benchmark_id,
        benchmark_name,
        category,
        score,
        normalized_score,
        max_score,
        is_verified,
        is_self_reported,
        scored_at,
        api_rank,
        source_url,
        evidence,
        score_count,
        is_disputed
    from graded_entries
    qualify row_number() over (
        partition by model_id, benchmark_id
        order by
            case evidence
                when 'verified' then 1
                when 'third_party' then 2
                else 3
            end,
            scored_at desc,
            score desc,
            list_index
    ) = 1
),

scaled_scores as (
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
        lower_is_better_benchmarks.benchmark_id is not null as is_lower_better,
        case
            when bool_and(chosen_scores.normalized_score is not null) over (partition by chosen_scores.benchmark_id) then 'normalized'
            else 'raw'
        end as scale
    from chosen_scores
    left join staging.lower_is_better_benchmarks on chosen_scores.benchmark_id = lower_is_better_benchmarks.benchmark_id
),

-- adding 0 turns a negative zero into zero, so that the two tie
valued_scores as (
    select
        model_id,
        benchmark_id,
        benchmark_name,
        category,
        score,
        normalized_score,
        max_score,
        is_verified,
        is_self_reported,
        scored_at,
        api_rank,
        source_url,
        evidence,
        score_count,
        is_disputed,
        is_lower_better,
        scale,
        case when scale = 'normalized' then normalized_score else score end + 0.0 as value,
        case when is_lower_better then -1 else 1 end * case when scale = 'normalized' then normalized_score else score end + 0.0 as goodness
    from scaled_scores
),

placed_scores as (
    select
        model_id,
        benchmark_id,
        benchmark_name,
        category,
        score,
        normalized_score,
        max_score,
        is_verified,
        is_self_reported,
        scored_at,
        api_rank,
        source_url,
        evidence,
        score_count,
        is_disputed,
        is_lower_better,
        scale,
        value,
        goodness,
        rank() over (partition by benchmark_id order by goodness desc) as benchmark_rank,
        count(*) over (partition by benchmark_id, goodness) as tie_count,
        count(*) over (partition by benchmark_id) as model_count,
        max(goodness) over (partition by benchmark_id) as best_goodness
    from valued_scores
)

select
    model_id,
    benchmark_id,
    benchmark_name,
    category,
    scale,
    value,
    is_lower_better,
    benchmark_rank,
    case
        when model_count > 1 then (model_count - (benchmark_rank - 1) - tie_count + (tie_count - 1) / 2.0) / (model_count - 1)
    end as win_rate,
    best_goodness - goodness as gap_to_best,
    evidence,
    score_count,
    is_disputed,
    score,
    normalized_score,
    max_score,
    is_verified,
    is_self_reported,
    scored_at,
    api_rank,
    source_url
from placed_scores;

comment on view marts.scores is 'One row per model and benchmark: the chosen score, and where it stands among the models';
comment on column marts.scores.model_id is 'Model that was scored';
comment on column marts.scores.benchmark_id is 'Benchmark; some ids hold quotes, brackets or arrows';
comment on column marts.scores.benchmark_name is 'Display name of the benchmark, as the chosen score gives it; never a key';
comment on column marts.scores.category is 'Category of the benchmark, as the chosen score gives it; null: none given';
comment on column marts.scores.scale is 'What `value` is: `normalized` (0 to 1) if every chosen score of the benchmark has a normalized one, else `raw` (the benchmark''s own unit)';
comment on column marts.scores.value is 'The number to compare within the benchmark, on its scale; across benchmarks compare win_rate';
comment on column marts.scores.is_lower_better is 'True if a smaller value is better, such as a word error rate';
comment on column marts.scores.benchmark_rank is 'Place among the models of the benchmark, 1 is best, equal values share a place';
comment on column marts.scores.win_rate is 'Share of the other models that this one beats, a tie counting half: 1 is best, 0 is worst; null: no other model';
comment on column marts.scores.gap_to_best is 'Distance to the best value of the benchmark, on its scale, never negative; 0: best';
comment on column marts.scores.evidence is 'Who vouches for the chosen score: `verified` (LLM Stats checked it), `third_party`, or `self_reported` (the model''s maker)';
comment on column marts.scores.score_count is 'Scores listed for the model on this benchmark';
comment on column marts.scores.is_disputed is 'True if the listed scores are not all the same';
comment on column marts.scores.score is 'The chosen score in the benchmark''s own unit: fraction, percent, Elo, dollars';
comment on column marts.scores.normalized_score is 'The chosen score on a scale of 0 to 1; null: not published';
comment on column marts.scores.max_score is 'Published maximum; often wrong, so never a divisor';
comment on column marts.scores.is_verified is 'True if LLM Stats checked the score independently';
comment on column marts.scores.is_self_reported is 'True if the model''s maker reported the score';
comment on column marts.scores.scored_at is 'When the score was recorded upstream (UTC)';
comment on column marts.scores.api_rank is 'Place within the benchmark as upstream gives it, 1 is best; null: not ranked';
comment on column marts.scores.source_url is 'Where the score was published; null: none given';
