update raw.models__scores set benchmark_name = 'Word error rate' where benchmark_id = 'b';
