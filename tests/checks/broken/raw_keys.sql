update raw.models__scores set _dlt_list_idx = 0 where benchmark_id in (select benchmark_id from raw.models__scores);
