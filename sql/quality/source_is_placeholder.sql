-- A score whose source is an example URL.
-- Reads: staging.scores, staging.benchmark_label, staging.number_text.
select distinct
    model_id,
    staging.benchmark_label(benchmark_id) || 'score ' || staging.number_text(score)
    || ' is sourced to ' || source_url as detail
from staging.scores
where
    source_url like '%://example.%'
    or source_url like '%://www.example.%';
