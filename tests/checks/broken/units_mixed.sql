update raw.models__scores set score = 62 where model_id = 'm1' and benchmark_id = 'b';
