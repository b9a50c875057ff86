-- Word error rate, as benchmark_name
update marts.benchmarks set benchmark_name = 'Word error rate' where benchmark_id = 'alone';

-- phone-error-rate, as benchmark_id
update marts.benchmarks set benchmark_id = 'phone-error-rate' where benchmark_id = 'alone';

-- perplexity-of-it, as benchmark_id
update marts.benchmarks set benchmark_id = 'perplexity-of-it' where benchmark_id = 'alone';

-- The perplexity, as benchmark_name
update marts.benchmarks set benchmark_name = 'The perplexity' where benchmark_id = 'alone';

-- hallucination-rate, as benchmark_id
update marts.benchmarks set benchmark_id = 'hallucination-rate' where benchmark_id = 'alone';

-- Hallucination (rate), as benchmark_name
update marts.benchmarks set benchmark_name = 'Hallucination (rate)' where benchmark_id = 'alone';

-- some-wer, as benchmark_id
update marts.benchmarks set benchmark_id = 'some-wer' where benchmark_id = 'alone';

-- wer-some, as benchmark_id
update marts.benchmarks set benchmark_id = 'wer-some' where benchmark_id = 'alone';

-- WER, as benchmark_id
update marts.benchmarks set benchmark_id = 'WER' where benchmark_id = 'alone';

-- some-cer, as benchmark_id
update marts.benchmarks set benchmark_id = 'some-cer' where benchmark_id = 'alone';

-- librispeech-2, as benchmark_id
update marts.benchmarks set benchmark_id = 'librispeech-2' where benchmark_id = 'alone';

-- common-voice-9, as benchmark_id
update marts.benchmarks set benchmark_id = 'common-voice-9' where benchmark_id = 'alone';

-- fleurs-2, as benchmark_id
update marts.benchmarks set benchmark_id = 'fleurs-2' where benchmark_id = 'alone';
