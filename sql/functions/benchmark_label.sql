-- How data_quality names a benchmark: `benchmark gpqa: `.
-- Reads: nothing.
create or replace macro staging.benchmark_label(benchmark_id) as
    ('benchmark ' || benchmark_id || ': ');

comment on macro staging.benchmark_label is 'How data_quality names a benchmark';
