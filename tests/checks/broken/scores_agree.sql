delete from history.scores where model_id = 'm1' and benchmark_id = 'b';
