-- Comparable benchmarks, those with the most models first.
-- Grain: benchmark_id.
-- Reads: marts.benchmarks.
select
    benchmark_id,
    benchmark_name,
    scale,
    is_lower_better
from marts.benchmarks
where is_comparable
order by
    model_count desc,
    benchmark_id
