-- A benchmark is excluded from comparisons because its values look like a mix of two units.
-- Severity: warning
-- Population: all models.
-- Reads: marts.benchmarks.
select
    benchmark_id,
    model_count,
    best_value,
    median_value
from marts.benchmarks
where
    not is_comparable
    and model_count >= 2
