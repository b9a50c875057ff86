-- Models side by side: `from marts.compare_models(['model-a', 'model-b'])`.
-- Grain: benchmark_id. Only benchmarks on which every given model has a score. There are no rows if
-- an id is unknown or null. list_distinct ignores nulls, so list_count must detect them.
-- Reads: staging.shared_scores, marts.benchmarks.
create or replace macro marts.compare_models(model_ids) as table
with shared_benchmarks as (
    select
        benchmark_id,
        map(
            array_agg(model_id order by model_id),
            array_agg(value order by model_id)
        ) as value_by_model,
        map(
            array_agg(model_id order by model_id),
            array_agg(evidence order by model_id)
        ) as evidence_by_model,
        array_agg(model_id order by model_id) filter (
            where is_comparable and value_rank = 1
        ) as winner_model_ids
    from staging.shared_scores(model_ids)
    where
        model_count = len(list_distinct(model_ids))
        and list_count(model_ids) = len(model_ids)
    group by benchmark_id
)

select
    benchmarks.benchmark_id,
    benchmarks.benchmark_name,
    benchmarks.category,
    benchmarks.scale,
    benchmarks.is_lower_better,
    shared_benchmarks.value_by_model,
    shared_benchmarks.evidence_by_model,
    shared_benchmarks.winner_model_ids,
    benchmarks.not_comparable_reason
from shared_benchmarks
inner join marts.benchmarks as benchmarks
    on shared_benchmarks.benchmark_id = benchmarks.benchmark_id
order by
    benchmarks.category,
    benchmarks.benchmark_id;

comment on macro table marts.compare_models is 'One row per benchmark on which all given models have a score: the value and the evidence of each model, and the winners. `model_ids` is a list of two or more ids; value_by_model and evidence_by_model are maps from model_id; winner_model_ids has several ids in a tie, and is null if the benchmark is not comparable. The result is empty if an id is unknown or null. In an attached database, run `use <its name>` first';
