-- Points of price against score, per benchmark; benchmarks with the most models first.
-- Grain: benchmark_id, model_id.
-- Reads: marts.price_performance.
select
    benchmark_id,
    model_id,
    value,
    is_pareto,
    is_pareto_paid
from marts.price_performance
order by
    count(*) over (partition by benchmark_id) desc,
    benchmark_id,
    model_id
