-- A key of a raw table is missing or occurs more than once.
-- Severity: error
-- Reads: every raw table.
with
listed_keys as (
    select
        'raw.models' as table_name,
        [id] as key
    from raw.models
    union all
    select
        'raw.models__providers' as table_name,
        [model_id, cast(_dlt_list_idx as varchar)] as key
    from raw.models__providers
    union all
    select
        'raw.models__scores' as table_name,
        [model_id, cast(_dlt_list_idx as varchar)] as key
    from raw.models__scores
    union all
    select
        'raw.models__modalities' as table_name,
        [model_id, cast(_dlt_list_idx as varchar)] as key
    from raw.models__modalities
    union all
    select
        'raw.models__top_scores' as table_name,
        [model_id, category] as key
    from raw.models__top_scores
    union all
    select
        'raw.fetches' as table_name,
        [_dlt_load_id, model_id] as key
    from raw.fetches
)

select
    table_name,
    key,
    count(*) as row_count
from listed_keys
group by
    table_name,
    key
having
    count(*) > 1
    or array_position(key, null) is not null
