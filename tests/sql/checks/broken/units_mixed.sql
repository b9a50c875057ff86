-- two models that cannot be compared
update marts.benchmarks
set is_comparable = false, not_comparable_reason = 'values look like two units mixed', model_count = 2
where benchmark_id = 'b';
