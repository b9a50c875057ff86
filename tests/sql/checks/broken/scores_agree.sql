-- a score that the history does not have
delete from history.scores where model_id = 'm1' and benchmark_id = 'c';

-- a score that the record does not have
delete from staging.scores where model_id = 'm1' and benchmark_id = 'c';

-- a score that the mart does not have
delete from marts.scores where model_id = 'm1' and benchmark_id = 'c';

-- a score of another model
update history.scores set model_id = 'm2' where model_id = 'm1' and benchmark_id = 'c';

-- a score on another benchmark
update history.scores set benchmark_id = 'b' where model_id = 'm1' and benchmark_id = 'c';
