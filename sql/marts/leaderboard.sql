-- Models ranked by mean win rate, per category and evidence scope. The win rate of a model on a
-- benchmark is the share of the other models that it beats.
-- Grain: category, evidence_scope, model_id.
-- Order: category <> 'overall', category, evidence_scope, rank nulls last, mean_win_rate desc,
-- model_id.
-- Reads: staging.scores, marts.scores, staging.win_rate, history.listings.
-- The scope `all` contains every score in marts.scores, and `independent` only those that are not
-- self-reported. marts.scores chooses a self-reported score only if the model has no other score on
-- the benchmark. In each scope, a benchmark counts only if it is comparable and at least three
-- models have a score on it. Scale and win rate are computed from the scores in the scope.
-- If upstream lists a score under several categories, the score counts in each category, and once
-- in `overall`. A model that left the catalog has no row, but it counts as an opponent.
create or replace view marts.leaderboard as
with
compared_scores as (
    select
        model_id,
        benchmark_id,
        model_count,
        win_rate,
        score,
        normalized_score,
        is_lower_better,
        evidence
    from marts.scores
    where is_comparable
),

independent_benchmarks as (
    select
        benchmark_id,
        count(*) as model_count,
        bool_and(normalized_score is not null) as has_normalized_scale
    from compared_scores
    where evidence <> 'self_reported'
    group by benchmark_id
    having count(*) >= 3
),

independent_scores as (
    select
        compared_scores.model_id,
        compared_scores.benchmark_id,
        independent_benchmarks.model_count,
        case when compared_scores.is_lower_better then -1 else 1 end
        * case
            when independent_benchmarks.has_normalized_scale then compared_scores.normalized_score
            else compared_scores.score
        end as directed_value
    from compared_scores
    inner join independent_benchmarks
        on compared_scores.benchmark_id = independent_benchmarks.benchmark_id
    where compared_scores.evidence <> 'self_reported'
),

-- For each distinct value on a benchmark: how many models have this value, and how many have this
-- value or a worse one.
value_places as (
    select
        benchmark_id,
        directed_value,
        count(*) as tie_count,
        cast(
            sum(count(*)) over (
                partition by benchmark_id
                order by directed_value
                rows between unbounded preceding and current row
            ) as bigint
        ) as no_better_count
    from independent_scores
    group by
        benchmark_id,
        directed_value
),

-- Win rates are decimals with 15 decimal places, because the sum of decimals does not depend on the
-- order of the rows. The mean is rounded to 12 decimal places, because engines divide decimals with
-- different precision.
counted_win_rates as (
    select
        'all' as evidence_scope,
        model_id,
        benchmark_id,
        cast(win_rate as decimal(18, 15)) as win_rate
    from compared_scores
    where model_count >= 3
    union all
    select
        'independent' as evidence_scope,
        independent_scores.model_id,
        independent_scores.benchmark_id,
        cast(
            staging.win_rate(
                value_places.no_better_count,
                value_places.tie_count,
                independent_scores.model_count
            ) as decimal(18, 15)
        ) as win_rate
    from independent_scores
    inner join value_places
        on
            independent_scores.benchmark_id = value_places.benchmark_id
            and independent_scores.directed_value = value_places.directed_value
),

score_categories as (
    select distinct
        model_id,
        benchmark_id,
        category
    from staging.scores
    where category <> 'overall'
),

averaged_win_rates as (
    select
        score_categories.category,
        counted_win_rates.evidence_scope,
        counted_win_rates.model_id,
        cast(cast(avg(counted_win_rates.win_rate) as decimal(18, 12)) as double) as mean_win_rate,
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
    union all
    select
        'overall' as category,
        evidence_scope,
        model_id,
        cast(cast(avg(win_rate) as decimal(18, 12)) as double) as mean_win_rate,
        count(*) as benchmark_count
    from counted_win_rates
    group by
        evidence_scope,
        model_id
),

unlisted_models as (
    select model_id
    from history.listings
    where
        valid_to is null
        and not is_listed
)

-- Rank by the mean rounded to nine decimals, so that mathematically equal means share a rank.
select
    averages.category,
    averages.evidence_scope,
    averages.model_id,
    averages.mean_win_rate,
    averages.benchmark_count,
    case
        when averages.benchmark_count >= 3
            then rank() over (
                partition by
                    averages.category,
                    averages.evidence_scope,
                    averages.benchmark_count >= 3
                order by cast(averages.mean_win_rate as decimal(18, 9)) desc
            )
    end as rank
from averaged_win_rates as averages
left join unlisted_models on averages.model_id = unlisted_models.model_id
where unlisted_models.model_id is null;

comment on view marts.leaderboard is 'One row per category, evidence scope and model: its mean win rate and rank. The mean covers only the benchmarks on which the model has a score, so read benchmark_count together with rank. A model that left the catalog has no row, but it counts as an opponent. If most scores are self-reported, the scope `independent` may have no ranked model';
comment on column marts.leaderboard.category is 'Category of the counted benchmarks, or `overall` for all of them. Upstream''s categories are coarse: many coding benchmarks are in `reasoning`';
comment on column marts.leaderboard.evidence_scope is '`all`: every score; `independent`: only verified and third-party scores, compared only with each other';
comment on column marts.leaderboard.model_id is 'Id of a model with a score on at least one counted benchmark';
comment on column marts.leaderboard.mean_win_rate is 'Unweighted mean of the win rates on the counted benchmarks, 0 to 1. On each benchmark, the win rate is the share of the other models that this model beats';
comment on column marts.leaderboard.benchmark_count is 'Number of counted benchmarks on which the model has a score. A benchmark is counted if it is comparable and at least three models have a score on it in the evidence scope';
comment on column marts.leaderboard.rank is 'Rank by mean win rate, 1 is best; equal means share a rank; null if the model has fewer than three counted benchmarks';
