-- A benchmark's name suggests that lower is better, but higher values are ranked first.
-- Severity: warning
-- Population: all models.
-- Reads: marts.benchmarks.
-- If lower is better, add the benchmark to staging.lower_is_better_benchmarks.
select
    benchmark_id,
    benchmark_name
from marts.benchmarks
where
    not is_lower_better
    and (
        lower(benchmark_id) like '%error%rate%'
        or lower(benchmark_name) like '%error%rate%'
        or lower(benchmark_id) like '%perplexity%'
        or lower(benchmark_name) like '%perplexity%'
        or lower(benchmark_id) like '%hallucination%rate%'
        or lower(benchmark_name) like '%hallucination%rate%'
        or lower(benchmark_id) like '%-wer'
        or lower(benchmark_id) like 'wer-%'
        or lower(benchmark_id) = 'wer'
        or lower(benchmark_id) like '%-cer'
        or lower(benchmark_id) like '%librispeech%'
        or lower(benchmark_id) like '%common-voice%'
        or lower(benchmark_id) like '%fleurs%'
    )
