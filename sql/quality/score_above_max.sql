-- A score above its maximum.
-- Reads: staging.scores, staging.benchmark_label, staging.number_text.
select distinct
    model_id,
    staging.benchmark_label(benchmark_id) || 'score ' || staging.number_text(score)
    || ' is above its maximum ' || staging.number_text(max_score) as detail
from staging.scores
where score > max_score;
