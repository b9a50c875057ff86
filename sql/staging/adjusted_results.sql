-- Result of each model on each benchmark that leaderboards use, and the mean strength of the
-- model's opponents on the benchmark.
-- Grain: evidence_scope, model_id, benchmark_id.
-- Order: evidence_scope, benchmark_id, result desc, model_id.
-- Reads: staging.compared_scores, staging.fixed_point.
-- Results and strengths are on the logit scale: the logarithm of wins divided by losses. The
-- opponents of a model are the other models on the same benchmark.
-- The first strength of a model is the mean of its results. Five rounds then correct the strengths
-- for weak and strong opponents. In each round, the strength becomes the mean result of the model
-- plus the mean strength of its opponents. After five rounds, the order of models hardly changes.
-- `field_strength` is the sum of the strengths of all models on a benchmark in the previous round.
-- This sum includes the model itself, so the formula of a round subtracts the model's strength s:
-- s = mean(result + (field_strength - s) * opponent_weight). Solved for s, the formula is:
-- s = sum(result + field_strength * opponent_weight) / sum(1 + opponent_weight).
-- All sums are computed with whole numbers: see staging.fixed_point.
create or replace view staging.adjusted_results as
with
-- Add half a win and half a loss to each result, so that the logarithm is finite.
results as (
    select
        evidence_scope,
        model_id,
        benchmark_id,
        evidence,
        win_rate,
        ln(
            (win_rate * (model_count - 1) + 0.5)
            / (model_count - win_rate * (model_count - 1) - 0.5)
        ) as result,
        1 / cast(model_count - 1 as double) as opponent_weight
    from staging.compared_scores
    where is_counted
),

strengths_0 as (
    select
        evidence_scope,
        model_id,
        cast(sum(staging.fixed_point(result)) as double) / 1e12 / count(*) as strength
    from results
    group by
        evidence_scope,
        model_id
),

fields_1 as (
    select
        results.evidence_scope,
        results.benchmark_id,
        cast(sum(staging.fixed_point(strengths.strength)) as double) / 1e12 as field_strength
    from results
    inner join strengths_0 as strengths
        on
            results.evidence_scope = strengths.evidence_scope
            and results.model_id = strengths.model_id
    group by
        results.evidence_scope,
        results.benchmark_id
),

strengths_1 as (
    select
        results.evidence_scope,
        results.model_id,
        cast(
            sum(
                staging.fixed_point(
                    results.result + fields.field_strength * results.opponent_weight
                )
            ) as double
        ) / cast(
            sum(staging.fixed_point(1 + results.opponent_weight)) as double
        ) as strength
    from results
    inner join fields_1 as fields
        on
            results.evidence_scope = fields.evidence_scope
            and results.benchmark_id = fields.benchmark_id
    group by
        results.evidence_scope,
        results.model_id
),

fields_2 as (
    select
        results.evidence_scope,
        results.benchmark_id,
        cast(sum(staging.fixed_point(strengths.strength)) as double) / 1e12 as field_strength
    from results
    inner join strengths_1 as strengths
        on
            results.evidence_scope = strengths.evidence_scope
            and results.model_id = strengths.model_id
    group by
        results.evidence_scope,
        results.benchmark_id
),

strengths_2 as (
    select
        results.evidence_scope,
        results.model_id,
        cast(
            sum(
                staging.fixed_point(
                    results.result + fields.field_strength * results.opponent_weight
                )
            ) as double
        ) / cast(
            sum(staging.fixed_point(1 + results.opponent_weight)) as double
        ) as strength
    from results
    inner join fields_2 as fields
        on
            results.evidence_scope = fields.evidence_scope
            and results.benchmark_id = fields.benchmark_id
    group by
        results.evidence_scope,
        results.model_id
),

fields_3 as (
    select
        results.evidence_scope,
        results.benchmark_id,
        cast(sum(staging.fixed_point(strengths.strength)) as double) / 1e12 as field_strength
    from results
    inner join strengths_2 as strengths
        on
            results.evidence_scope = strengths.evidence_scope
            and results.model_id = strengths.model_id
    group by
        results.evidence_scope,
        results.benchmark_id
),

strengths_3 as (
    select
        results.evidence_scope,
        results.model_id,
        cast(
            sum(
                staging.fixed_point(
                    results.result + fields.field_strength * results.opponent_weight
                )
            ) as double
        ) / cast(
            sum(staging.fixed_point(1 + results.opponent_weight)) as double
        ) as strength
    from results
    inner join fields_3 as fields
        on
            results.evidence_scope = fields.evidence_scope
            and results.benchmark_id = fields.benchmark_id
    group by
        results.evidence_scope,
        results.model_id
),

fields_4 as (
    select
        results.evidence_scope,
        results.benchmark_id,
        cast(sum(staging.fixed_point(strengths.strength)) as double) / 1e12 as field_strength
    from results
    inner join strengths_3 as strengths
        on
            results.evidence_scope = strengths.evidence_scope
            and results.model_id = strengths.model_id
    group by
        results.evidence_scope,
        results.benchmark_id
),

strengths_4 as (
    select
        results.evidence_scope,
        results.model_id,
        cast(
            sum(
                staging.fixed_point(
                    results.result + fields.field_strength * results.opponent_weight
                )
            ) as double
        ) / cast(
            sum(staging.fixed_point(1 + results.opponent_weight)) as double
        ) as strength
    from results
    inner join fields_4 as fields
        on
            results.evidence_scope = fields.evidence_scope
            and results.benchmark_id = fields.benchmark_id
    group by
        results.evidence_scope,
        results.model_id
),

fields_5 as (
    select
        results.evidence_scope,
        results.benchmark_id,
        cast(sum(staging.fixed_point(strengths.strength)) as double) / 1e12 as field_strength
    from results
    inner join strengths_4 as strengths
        on
            results.evidence_scope = strengths.evidence_scope
            and results.model_id = strengths.model_id
    group by
        results.evidence_scope,
        results.benchmark_id
),

strengths_5 as (
    select
        results.evidence_scope,
        results.model_id,
        cast(
            sum(
                staging.fixed_point(
                    results.result + fields.field_strength * results.opponent_weight
                )
            ) as double
        ) / cast(
            sum(staging.fixed_point(1 + results.opponent_weight)) as double
        ) as strength
    from results
    inner join fields_5 as fields
        on
            results.evidence_scope = fields.evidence_scope
            and results.benchmark_id = fields.benchmark_id
    group by
        results.evidence_scope,
        results.model_id
),

-- Join the strengths before they are summed per benchmark; otherwise an optimizer may pair all
-- models with all benchmarks.
final_strengths as (
    select
        results.evidence_scope,
        results.model_id,
        results.benchmark_id,
        results.evidence,
        results.win_rate,
        results.result,
        results.opponent_weight,
        strengths.strength
    from results
    inner join strengths_5 as strengths
        on
            results.evidence_scope = strengths.evidence_scope
            and results.model_id = strengths.model_id
),

fields_6 as (
    select
        evidence_scope,
        benchmark_id,
        cast(sum(staging.fixed_point(strength)) as double) / 1e12 as field_strength
    from final_strengths
    group by
        evidence_scope,
        benchmark_id
)

select
    results.evidence_scope,
    results.model_id,
    results.benchmark_id,
    results.evidence,
    results.win_rate,
    results.result,
    results.opponent_weight,
    fields.field_strength * results.opponent_weight as field_share,
    (fields.field_strength - results.strength) * results.opponent_weight as opponent_strength
from final_strengths as results
inner join fields_6 as fields
    on
        results.evidence_scope = fields.evidence_scope
        and results.benchmark_id = fields.benchmark_id;

comment on view staging.adjusted_results is 'One row per evidence scope, model and benchmark that leaderboards use: the result of the model, and the mean strength of the other models on the benchmark';
comment on column staging.adjusted_results.evidence_scope is '`all`: every chosen score; `independent`: only verified and third-party scores';
comment on column staging.adjusted_results.benchmark_id is 'Benchmark id that the marts use: see staging.benchmark_aliases';
comment on column staging.adjusted_results.evidence is 'Evidence for the score: `verified`, `third_party` or `self_reported`';
comment on column staging.adjusted_results.win_rate is 'Share of the other models that the model beats; a tie counts as half a win';
comment on column staging.adjusted_results.result is 'Logit of the win rate, with half a win and half a loss added, so that the logit is finite';
comment on column staging.adjusted_results.opponent_weight is '1 divided by the number of other models on the benchmark';
comment on column staging.adjusted_results.field_share is 'Sum of the strengths of all models on the benchmark, the model itself included, times opponent_weight';
comment on column staging.adjusted_results.opponent_strength is 'Mean strength of the other models on the benchmark, on the logit scale';
