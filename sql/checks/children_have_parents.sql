-- A row of a child table belongs to no model.
-- Severity: error
-- Reads: every raw table but raw.fetches.
with
children as (
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
    children.table_name,
    children.model_id,
    children._dlt_list_idx
from children
left join raw.models as parents on children.model_id = parents.id
where parents.id is null
