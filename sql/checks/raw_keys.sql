-- A key of a raw table is missing or occurs more than once.
-- Severity: error
-- Reads: every raw table.
-- Of the fetches, those of the newest load: a run adds to them and touches none, so the others were looked at before. There are millions.
with
listed_keys as (
    select
        'raw.models' as table_name,
        id as model_id,
        'itself' as part
    from raw.models
    union all
    select
        'raw.models__providers' as table_name,
        model_id,
        cast(_dlt_list_idx as varchar) as part
    from raw.models__providers
    union all
    select
        'raw.models__scores' as table_name,
        model_id,
        cast(_dlt_list_idx as varchar) as part
    from raw.models__scores
    union all
    select
        'raw.models__modalities' as table_name,
        model_id,
        cast(_dlt_list_idx as varchar) as part
    from raw.models__modalities
    union all
    select
        'raw.models__top_scores' as table_name,
        model_id,
        category as part
    from raw.models__top_scores
    union all
    select
        'raw.fetches' as table_name,
        fetches.model_id,
        fetches._dlt_load_id as part
    from raw.fetches as fetches
    where
        fetches.model_id is null
        or fetches._dlt_load_id is null
        or fetches._dlt_load_id = (select max(loads._dlt_load_id) from raw.fetches as loads)
)

select
    table_name,
    model_id,
    part,
    count(*) as row_count
from listed_keys
group by
    table_name,
    model_id,
    part
having
    count(*) > 1
    or model_id is null
    or part is null
