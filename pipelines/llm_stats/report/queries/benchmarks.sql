-- Comparable benchmarks.
-- Grain: benchmark_id.
-- Order: marts.benchmarks.
-- Reads: marts.benchmarks.
select
    benchmark_id,
    benchmark_name,
    scale,
    is_lower_better
from marts.benchmarks
where is_comparable
