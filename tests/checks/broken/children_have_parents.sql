update raw.models__modalities set model_id = 'nothing' where model_id = 'm1';
