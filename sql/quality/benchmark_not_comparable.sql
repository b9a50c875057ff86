-- A score on a benchmark whose values cannot be compared.
-- Reads: marts.scores, staging.benchmark_label.
select
    model_id,
    staging.benchmark_label(benchmark_id) || not_comparable_reason
    || '; excluded from leaderboards and price comparisons' as detail
from marts.scores
where not is_comparable;
