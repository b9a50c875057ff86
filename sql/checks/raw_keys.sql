-- A key of a raw table is missing or occurs more than once.
-- Severity: error
-- Reads: every raw table.
select
    'raw.models' as table_name,
    concat_ws(' / ', id) as key,
    count(*) as row_count
from raw.models
group by id
having
    count(*) > 1
    or id is null

union all

select
    'raw.models__providers' as table_name,
    concat_ws(' / ', model_id, _dlt_list_idx) as key,
    count(*) as row_count
from raw.models__providers
group by
    model_id,
    _dlt_list_idx
having
    count(*) > 1
    or model_id is null
    or _dlt_list_idx is null

union all

select
    'raw.models__scores' as table_name,
    concat_ws(' / ', model_id, _dlt_list_idx) as key,
    count(*) as row_count
from raw.models__scores
group by
    model_id,
    _dlt_list_idx
having
    count(*) > 1
    or model_id is null
    or _dlt_list_idx is null

union all

select
    'raw.models__modalities' as table_name,
    concat_ws(' / ', model_id, _dlt_list_idx) as key,
    count(*) as row_count
from raw.models__modalities
group by
    model_id,
    _dlt_list_idx
having
    count(*) > 1
    or model_id is null
    or _dlt_list_idx is null

union all

select
    'raw.models__top_scores' as table_name,
    concat_ws(' / ', model_id, category) as key,
    count(*) as row_count
from raw.models__top_scores
group by
    model_id,
    category
having
    count(*) > 1
    or model_id is null
    or category is null

union all

select
    'raw.fetches' as table_name,
    concat_ws(' / ', _dlt_load_id, model_id) as key,
    count(*) as row_count
from raw.fetches
group by
    _dlt_load_id,
    model_id
having
    count(*) > 1
    or _dlt_load_id is null
    or model_id is null
