-- Prefix of every finding about a benchmark in marts.data_quality: `benchmark gpqa: `.
-- Reads: nothing.
create or replace macro staging.benchmark_label(benchmark_id) as
    ('benchmark ' || benchmark_id || ': ');

comment on macro staging.benchmark_label is 'Prefix of every finding about a benchmark in marts.data_quality';
