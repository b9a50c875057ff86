-- Benchmarks on which a smaller value is better. Upstream has no flag for this, so the list is
-- maintained by hand, with a reason for each entry.
-- Grain: benchmark_id.
-- Order: benchmark_id.
-- Reads: nothing.
-- An id without scores has no effect. If an entry is missing, the worst model on the benchmark is
-- ranked first.
-- Only measures for which lower is better by definition belong here: error rates, perplexities,
-- rates of false or harmful output.
create or replace view staging.lower_is_better_benchmarks as
select
    cast(listed_benchmarks.benchmark_id as varchar) as benchmark_id,
    cast(listed_benchmarks.reason as varchar) as reason
from
    (
        values
        ('common-voice-15', 'word error rate of speech recognition'),
        ('common-voice', 'word error rate of speech recognition'),
        ('commonvoice', 'word error rate of speech recognition'),
        (
            'fleurs',
            'word error rate of speech recognition; some makers publish 1 - WER, an outlier'
        ),
        ('fleurs-asr', 'word error rate of speech recognition'),
        ('librispeech', 'word error rate of speech recognition'),
        ('librispeech-clean', 'word error rate of speech recognition'),
        ('librispeech-other', 'word error rate of speech recognition'),
        ('librispeech-test-clean', 'word error rate of speech recognition'),
        ('librispeech-test-other', 'word error rate of speech recognition'),
        ('multilingual-librispeech', 'word error rate of speech recognition'),
        ('voxpopuli', 'word error rate of speech recognition'),
        ('tedlium', 'word error rate of speech recognition'),
        ('gigaspeech', 'word error rate of speech recognition'),
        ('earnings22', 'word error rate of speech recognition'),
        ('ami', 'word error rate of speech recognition'),
        ('open-asr-leaderboard', 'word error rate of speech recognition'),
        ('aishell-1', 'character error rate of speech recognition'),
        ('aishell-2', 'character error rate of speech recognition'),
        ('wenetspeech', 'character error rate of speech recognition'),
        ('wenetspeech-meeting', 'character error rate of speech recognition'),
        ('wenetspeech-net', 'character error rate of speech recognition'),
        ('seed-tts-eval', 'word error rate of generated speech'),
        ('wikitext', 'perplexity'),
        ('wikitext-2', 'perplexity'),
        ('wikitext-103', 'perplexity'),
        ('penn-treebank', 'perplexity'),
        ('lambada-perplexity', 'perplexity'),
        ('the-pile', 'bits per byte'),
        ('sample-speech-wer', 'word error rate, of the bundled sample'),
        ('longfact-concepts', 'share of false claims, as published by its source'),
        ('longfact-objects', 'share of false claims, as published by its source'),
        (
            'factscore',
            'share of false claims here; the original measure is the share of true claims'
        ),
        ('hhem', 'share of summaries with an invented claim'),
        ('vectara-hallucination-leaderboard', 'share of summaries with an invented claim'),
        ('personqa-hallucination-rate', 'share of answers that are invented'),
        ('simpleqa-hallucination-rate', 'share of answers that are invented'),
        ('realtoxicityprompts', 'toxicity of the output')
    ) as listed_benchmarks (benchmark_id, reason);

comment on view staging.lower_is_better_benchmarks is 'One row per benchmark on which a smaller value is better, with the reason; maintained by hand';
comment on column staging.lower_is_better_benchmarks.benchmark_id is 'Benchmark id; the benchmark may have no scores';
comment on column staging.lower_is_better_benchmarks.reason is 'Quantity that the benchmark measures, for example `perplexity`';
