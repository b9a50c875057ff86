-- A score whose source is an example URL.
-- Reads: staging.scores, staging.benchmark_label, staging.number_text.
select distinct
    model_id,
    staging.benchmark_label(benchmark_id) || 'the source of score '
    || staging.number_text(score) || ' is the example URL ' || source_url as detail
from staging.scores
where
    source_url like '%://example.%'
    or source_url like '%://www.example.%';
