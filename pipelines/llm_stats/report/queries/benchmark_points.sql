-- Points of the chart of price against score, one per benchmark and model.
-- Grain: benchmark_id, model_id.
-- Order: marts.price_performance.
-- Reads: marts.price_performance.
select
    benchmark_id,
    model_id,
    value,
    is_pareto,
    is_pareto_paid
from marts.price_performance
