-- Different scores of a model on one benchmark.
-- Reads: marts.scores, staging.benchmark_label, staging.number_text.
select
    model_id,
    staging.benchmark_label(benchmark_id) || cast(score_count as varchar)
    || ' listed scores differ; the chosen score is '
    || staging.number_text(score) || ' (' || evidence || ')' as detail
from marts.scores
where is_disputed;
