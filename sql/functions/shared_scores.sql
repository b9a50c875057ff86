-- Scores of the given models, ranked among these models, for comparisons side by side.
-- Grain: model_id, benchmark_id.
-- Reads: marts.scores.
-- `model_count` is the number of given models with a score on the benchmark.
create or replace macro staging.shared_scores(model_ids) as table
select
    model_id,
    benchmark_id,
    value,
    evidence,
    is_comparable,
    rank() over (
        partition by benchmark_id
        order by case when is_lower_better then value else -value end
    ) as value_rank,
    count(*) over (partition by benchmark_id) as model_count
from marts.scores
where list_contains(model_ids, model_id);

comment on macro table staging.shared_scores is 'One row per given model and benchmark, with the rank among the given models';
