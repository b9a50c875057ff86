-- Every chosen score. `doubt` contains the findings of data quality about the score. `doubt_rule`
-- is the alphabetically first rule of these findings.
-- Grain: model_id, benchmark_id.
-- Reads: marts.scores, marts.data_quality, staging.benchmark_label.
-- `value` is on the benchmark's scale, or the raw score if the benchmark is not comparable.
with
doubts as (
    select
        model_id,
        rule,
        detail
    from marts.data_quality
    where
        rule in (
            'normalized_score_out_of_range',
            'score_above_max',
            'score_disputed',
            'score_outlier',
            'source_is_placeholder'
        )
),

doubtful_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        string_agg(
            replace(
                replace(doubts.detail, staging.benchmark_label(scores.benchmark_id), ''),
                staging.benchmark_label(scores.upstream_benchmark_id),
                ''
            ),
            '; ' order by doubts.rule, doubts.detail
        ) as doubt,
        min(doubts.rule) as doubt_rule
    from doubts
    inner join marts.scores as scores
        on
            doubts.model_id = scores.model_id
            and (
                starts_with(doubts.detail, staging.benchmark_label(scores.benchmark_id))
                or starts_with(
                    doubts.detail,
                    staging.benchmark_label(scores.upstream_benchmark_id)
                )
            )
    group by
        scores.model_id,
        scores.benchmark_id
)

select
    scores.model_id,
    scores.benchmark_id,
    case when scores.is_comparable then scores.value else scores.score end as value,
    scores.benchmark_rank,
    scores.evidence,
    coalesce(
        scores.source_url like '%://example.%' or scores.source_url like '%://www.example.%',
        false
    ) as has_example_source,
    scores.is_disputed,
    doubtful_scores.doubt,
    doubtful_scores.doubt_rule,
    scores.scored_at,
    scores.source_url
from marts.scores as scores
left join doubtful_scores
    on
        scores.model_id = doubtful_scores.model_id
        and scores.benchmark_id = doubtful_scores.benchmark_id
order by
    scores.model_id,
    scores.model_count desc,
    scores.benchmark_id
