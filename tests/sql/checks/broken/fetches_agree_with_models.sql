-- a model that was last loaded by another load
update staging.fetches set load_id = 'another' where model_id = 'm1' and outcome = 'loaded';

-- a model that was never fetched
delete from staging.fetches where model_id = 'm1';

-- a loaded model that is missing
delete from staging.detail_models where model_id = 'm1';
