-- Who leads, by category and by evidence: the mean share of other models that a model beats, over the benchmarks it was scored on.
-- Grain: category, evidence_scope, model_id.
-- Reads: staging.scores, marts.scores, marts.benchmarks.
-- Counted are comparable benchmarks with three or more models in the scope. Values, scale and win rate are worked out anew within the scope, among
-- its models; a choice never changes, for a self-reported score is only ever chosen where there is no other. Upstream may repeat a score once
-- per category: it then counts in each of them, and once in `overall`. A model is only as comparable as the benchmarks it was scored on: read
-- benchmark_count along with the rank.
create or replace view marts.leaderboard as
with
evidence_scopes as (
    select
        cast(evidence_scope as varchar) as evidence_scope,
        cast(has_self_reported as boolean) as has_self_reported
    from (
        values
        ('all', true),
        ('independent', false)
    ) as scopes (evidence_scope, has_self_reported)
),

scoped_scores as (
    select
        evidence_scopes.evidence_scope,
        scores.model_id,
        scores.benchmark_id,
        scores.is_lower_better,
        scores.score,
        scores.normalized_score,
        bool_and(scores.normalized_score is not null) over (
            partition by evidence_scopes.evidence_scope, scores.benchmark_id
        ) as has_normalized_scale
    from marts.scores as scores
    inner join marts.benchmarks as benchmarks on scores.benchmark_id = benchmarks.benchmark_id
    inner join evidence_scopes on evidence_scopes.has_self_reported or scores.evidence <> 'self_reported'
    where benchmarks.is_comparable
),

-- adding 0 turns a negative zero into zero, so that the two tie
valued_scores as (
    select
        evidence_scope,
        model_id,
        benchmark_id,
        case when is_lower_better then -1 else 1 end * case when has_normalized_scale then normalized_score else score end + 0.0 as goodness
    from scoped_scores
),

placed_scores as (
    select
        evidence_scope,
        model_id,
        benchmark_id,
        rank() over (partition by evidence_scope, benchmark_id order by goodness desc) as benchmark_rank,
        count(*) over (partition by evidence_scope, benchmark_id, goodness) as tie_count,
        count(*) over (partition by evidence_scope, benchmark_id) as model_count
    from valued_scores
),

-- fifteen decimals: a sum of decimals does not depend on its order
counted_win_rates as (
    select
        evidence_scope,
        model_id,
        benchmark_id,
        cast(
            (model_count - (benchmark_rank - 1) - tie_count + (tie_count - 1) / 2.0) / (model_count - 1) as decimal(18, 15)
        ) as win_rate
    from placed_scores
    where model_count >= 3
),

score_categories as (
    select
        model_id,
        benchmark_id,
        category
    from staging.scores
    where category is not null
    union
    select
        model_id,
        benchmark_id,
        'overall' as category
    from staging.scores
),

averaged_win_rates as (
    select
        score_categories.category,
        counted_win_rates.evidence_scope,
        counted_win_rates.model_id,
        cast(avg(counted_win_rates.win_rate) as double) as mean_win_rate,
        count(*) as benchmark_count
    from counted_win_rates
    inner join score_categories
        on
            counted_win_rates.model_id = score_categories.model_id
            and counted_win_rates.benchmark_id = score_categories.benchmark_id
    group by
        score_categories.category,
        counted_win_rates.evidence_scope,
        counted_win_rates.model_id
)

-- ranked on nine decimals, so that means which are equal on paper share a place
select
    category,
    evidence_scope,
    model_id,
    mean_win_rate,
    benchmark_count,
    case
        when benchmark_count >= 3
            then rank() over (
                partition by category, evidence_scope, benchmark_count >= 3
                order by round(mean_win_rate, 9) desc
            )
    end as rank
from averaged_win_rates;

comment on view marts.leaderboard is 'One row per category, evidence scope and model: its mean win rate and its place';
comment on column marts.leaderboard.category is 'Category of the counted benchmarks, or `overall` for all of them';
comment on column marts.leaderboard.evidence_scope is '`all`, or `independent`: only verified and third-party scores, compared among themselves';
comment on column marts.leaderboard.model_id is 'Model; it appears if it has a score on at least one counted benchmark';
comment on column marts.leaderboard.mean_win_rate is 'Plain mean, over the counted benchmarks, of the share of other models that this one beats, 0 to 1';
comment on column marts.leaderboard.benchmark_count is 'Counted benchmarks: comparable ones with three or more models in the scope';
comment on column marts.leaderboard.rank is 'Place by mean win rate, 1 is best, equal means share a place; null: fewer than three counted benchmarks';
