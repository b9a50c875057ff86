-- A list of a model has a gap: a row of it was lost on the way.
-- Severity: error
-- Reads: every raw table but raw.models and raw.fetches.
with
list_entries as (
    select
        'raw.models__providers' as table_name,
        model_id,
        _dlt_list_idx
    from raw.models__providers
    union all
    select
        'raw.models__scores' as table_name,
        model_id,
        _dlt_list_idx
    from raw.models__scores
    union all
    select
        'raw.models__modalities' as table_name,
        model_id,
        _dlt_list_idx
    from raw.models__modalities
    union all
    select
        'raw.models__top_scores' as table_name,
        model_id,
        _dlt_list_idx
    from raw.models__top_scores
)

select
    table_name,
    model_id,
    count(*) as row_count,
    max(_dlt_list_idx) + 1 as entry_count
from list_entries
group by
    table_name,
    model_id
having count(*) <> max(_dlt_list_idx) + 1
