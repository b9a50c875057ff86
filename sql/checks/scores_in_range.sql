-- A score, or a value computed from scores, is out of range.
-- Severity: error
-- Reads: marts.scores, marts.benchmarks, marts.leaderboard, marts.price_performance.
select
    'marts.scores' as table_name,
    model_id || ' / ' || benchmark_id as key,
    'a win rate is not within 0 and 1, or a rank exceeds the number of models' as problem
from marts.scores
where
    win_rate not between 0 and 1
    or benchmark_rank not between 1 and model_count
    or gap_to_best < 0
    or value not between -1.7976931348623157e308 and 1.7976931348623157e308
    or value is null

union all

select
    'marts.benchmarks' as table_name,
    benchmark_id as key,
    'a share is not within 0 and 1, or a reason is missing' as problem
from marts.benchmarks
where
    verified_share not between 0 and 1
    or self_reported_share not between 0 and 1
    or is_comparable <> (not_comparable_reason is null)

union all

select
    'marts.leaderboard' as table_name,
    category || ' / ' || evidence_scope || ' / ' || model_id as key,
    'a mean win rate is not within 0 and 1, or a ranked model has under 3 benchmarks' as problem
from marts.leaderboard
where
    mean_win_rate not between 0 and 1
    or (rank is null) <> (benchmark_count < 3)

union all

select
    'marts.price_performance' as table_name,
    model_id || ' / ' || benchmark_id as key,
    'a model is on the frontier and dominated, or neither' as problem
from marts.price_performance
where
    is_pareto <> (dominated_by_model_id is null)
