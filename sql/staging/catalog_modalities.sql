-- Each modality in each model's summary.
-- Grain: model_id, list_index.
-- Order: model_id, list_index.
-- Reads: raw.catalog_models__modalities.
create or replace view staging.catalog_modalities as
select
    cast(model_id as varchar) as model_id,
    cast(_dlt_list_idx as bigint) as list_index,
    cast(modality as varchar) as modality
from raw.catalog_models__modalities;

comment on view staging.catalog_modalities is 'One row per modality of a model, as last read from the catalog';
comment on column staging.catalog_modalities.list_index is 'Position in the summary''s list, from 0; the upstream order is not meaningful';
