-- A normalized score below 0 or above 1.
-- Reads: staging.scores, staging.benchmark_label, staging.number_text.
select distinct
    model_id,
    staging.benchmark_label(benchmark_id) || 'normalized score '
    || staging.number_text(normalized_score) || ' is not between 0 and 1' as detail
from staging.scores
where normalized_score not between 0 and 1;
