update raw.models__modalities set _dlt_id = 'the same';
