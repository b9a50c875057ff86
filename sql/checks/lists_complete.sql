-- The rows of a child table differ from the entries of a list in a record or summary.
-- Severity: error
-- Reads: raw.models, raw.catalog_models and their child tables.
-- The check finds a wrong row count, missing positions, and rows without a model.
with
expected_lists as (
    select
        'raw.models__providers' as table_name,
        id as model_id,
        provider_count as entry_count
    from raw.models
    union all
    select
        'raw.models__scores' as table_name,
        id as model_id,
        score_count as entry_count
    from raw.models
    union all
    select
        'raw.models__modalities' as table_name,
        id as model_id,
        modality_count as entry_count
    from raw.models
    union all
    select
        'raw.models__top_scores' as table_name,
        id as model_id,
        top_score_count as entry_count
    from raw.models
    union all
    select
        'raw.catalog_models__providers' as table_name,
        id as model_id,
        provider_count as entry_count
    from raw.catalog_models
    union all
    select
        'raw.catalog_models__modalities' as table_name,
        id as model_id,
        modality_count as entry_count
    from raw.catalog_models
    union all
    select
        'raw.catalog_models__top_scores' as table_name,
        id as model_id,
        top_score_count as entry_count
    from raw.catalog_models
),

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
    union all
    select
        'raw.catalog_models__providers' as table_name,
        model_id,
        _dlt_list_idx
    from raw.catalog_models__providers
    union all
    select
        'raw.catalog_models__modalities' as table_name,
        model_id,
        _dlt_list_idx
    from raw.catalog_models__modalities
    union all
    select
        'raw.catalog_models__top_scores' as table_name,
        model_id,
        _dlt_list_idx
    from raw.catalog_models__top_scores
),

counted_lists as (
    select
        table_name,
        model_id,
        count(*) as row_count,
        max(_dlt_list_idx) + 1 as place_count
    from list_entries
    group by
        table_name,
        model_id
)

select
    coalesce(expected_lists.table_name, counted_lists.table_name) as table_name,
    coalesce(expected_lists.model_id, counted_lists.model_id) as model_id,
    coalesce(expected_lists.entry_count, 0) as entry_count,
    coalesce(counted_lists.row_count, 0) as row_count
from expected_lists
full join counted_lists
    on
        expected_lists.table_name = counted_lists.table_name
        and expected_lists.model_id = counted_lists.model_id
where
    coalesce(counted_lists.row_count, 0) <> coalesce(expected_lists.entry_count, 0)
    or coalesce(counted_lists.place_count, 0) <> coalesce(expected_lists.entry_count, 0)
