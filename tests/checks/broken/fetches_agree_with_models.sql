update raw.fetches set outcome = 'failed' where model_id = 'm1';
