update raw.models__modalities set _dlt_root_id = 'nothing' where model_id = 'm1';
