-- Rank of each model per category and evidence scope, by adjusted_win_rate: the share of an average
-- field of models that the model would beat.
-- Grain: category, evidence_scope, model_id.
-- Order: category <> 'overall', category, evidence_scope, rank nulls last, adjusted_win_rate desc,
-- model_id.
-- Reads: staging.leaderboard_categories, staging.adjusted_results, staging.fixed_point,
-- staging.unlisted_models, staging.cheapest_offers.
-- Models ran different benchmarks, so a plain mean of win rates favors models with weak opponents.
-- adjusted_win_rate corrects for the strength of the opponents: see staging.adjusted_results. Only
-- counted benchmarks are used. A counted benchmark is comparable, and has at least three models of
-- at least two organizations in the scope. With one organization, a model could lead by beating its
-- own siblings.
-- A model that left the catalog has no row, but counts as an opponent.
create or replace view marts.leaderboard as
with
results as (
    select
        evidence_scope,
        model_id,
        benchmark_id,
        evidence,
        cast(win_rate as decimal(18, 15)) as win_rate,
        result,
        opponent_weight,
        field_share,
        opponent_strength
    from staging.adjusted_results
),

categorized_results as (
    select
        categories.category,
        results.evidence_scope,
        results.model_id,
        results.evidence,
        results.win_rate,
        results.result,
        results.opponent_weight,
        results.field_share,
        results.opponent_strength
    from results
    inner join staging.leaderboard_categories as categories
        on results.benchmark_id = categories.benchmark_id
    where
        results.evidence_scope = 'all'
        or categories.is_independent
    union all
    select
        'overall' as category,
        evidence_scope,
        model_id,
        evidence,
        win_rate,
        result,
        opponent_weight,
        field_share,
        opponent_strength
    from results
),

-- The strength of a model in a category is computed like one more round of
-- staging.adjusted_results, but only from the benchmarks of the category. Of the inputs, only
-- `result` differs between the models of a benchmark. Of two models with the same benchmarks, the
-- one that beats the other on all of them is therefore never ranked lower.
-- Decimals are used because their sums do not depend on the order of the rows. The mean win rate is
-- rounded to 12 decimal places, because engines divide decimals with different precision.
averaged_results as (
    select
        category,
        evidence_scope,
        model_id,
        cast(cast(avg(win_rate) as decimal(18, 12)) as double) as mean_win_rate,
        cast(sum(staging.fixed_point(result + field_share)) as double)
        / cast(sum(staging.fixed_point(1 + opponent_weight)) as double) as strength,
        cast(sum(staging.fixed_point(opponent_strength)) as double)
        / 1e12 / count(*) as mean_opponent_strength,
        count(*) as benchmark_count,
        cast(count(*) filter (where evidence = 'self_reported') as double)
        / count(*) as self_reported_share
    from categorized_results
    group by
        category,
        evidence_scope,
        model_id
),

rates as (
    select
        category,
        evidence_scope,
        model_id,
        floor(1e9 / (1 + exp(-strength)) + 0.5) / 1e9 as adjusted_win_rate,
        mean_win_rate,
        floor(1e9 / (1 + exp(-mean_opponent_strength)) + 0.5) / 1e9 as field_strength,
        benchmark_count,
        self_reported_share
    from averaged_results
)

-- The rates are rounded to nine decimal places, so that mathematically equal rates share a rank.
select
    rates.category,
    rates.evidence_scope,
    rates.model_id,
    rates.adjusted_win_rate,
    rates.mean_win_rate,
    rates.field_strength,
    rates.benchmark_count,
    rates.self_reported_share,
    cheapest_offers.model_id is not null as is_priced,
    case
        when rates.benchmark_count >= 3
            then rank() over (
                partition by
                    rates.category,
                    rates.evidence_scope,
                    rates.benchmark_count >= 3
                order by rates.adjusted_win_rate desc
            )
    end as rank
from rates
left join staging.unlisted_models as unlisted_models
    on rates.model_id = unlisted_models.model_id
left join staging.cheapest_offers as cheapest_offers
    on rates.model_id = cheapest_offers.model_id
where unlisted_models.model_id is null;

comment on view marts.leaderboard is 'One row per category, evidence scope and model. `adjusted_win_rate` is the share of an average field of models that this model would beat. It is computed from the results of the model and the strength of its opponents. Only benchmarks on which the model has a score are used, so a rank may depend on few benchmarks: see benchmark_count. Most scores are self-reported: the scope `independent` may have few ranked models, or none';
comment on column marts.leaderboard.category is 'Category of the benchmarks, from upstream or from staging.benchmark_categories; `overall` for all counted benchmarks';
comment on column marts.leaderboard.evidence_scope is 'Scores that are compared: `all` (every score) or `independent` (verified and third-party scores)';
comment on column marts.leaderboard.model_id is 'Id of a model with a score on at least one counted benchmark: see benchmark_count';
comment on column marts.leaderboard.adjusted_win_rate is 'Share of an average field that the model would beat, 0 to 1, corrected for the strength of its opponents';
comment on column marts.leaderboard.mean_win_rate is 'Unweighted mean of the win rates on the counted benchmarks, 0 to 1. On each benchmark, the win rate is the share of the other models that this model beats';
comment on column marts.leaderboard.field_strength is 'Strength of the other models on the model''s counted benchmarks: the share of an average field that they would beat, 0 to 1. Above 0.5, they are stronger than average';
comment on column marts.leaderboard.benchmark_count is 'Number of counted benchmarks on which the model has a score. A benchmark is counted if it is comparable, and if at least three models of at least two organizations have a score on it in the evidence scope';
comment on column marts.leaderboard.self_reported_share is 'Share of scores that only the model''s maker reported, among the model''s scores on counted benchmarks, 0 to 1';
comment on column marts.leaderboard.is_priced is 'True if the model has an available offer with both prices';
comment on column marts.leaderboard.rank is 'Rank by adjusted win rate, 1 is best; equal rates share a rank; null if the model has fewer than three counted benchmarks';
