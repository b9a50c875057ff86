-- Each modality in each model's record.
-- Grain: model_id, list_index.
-- Order: model_id, list_index.
-- Reads: raw.models__modalities.
create or replace view staging.detail_modalities as
select
    cast(model_id as varchar) as model_id,
    cast(_dlt_list_idx as bigint) as list_index,
    cast(modality as varchar) as modality
from raw.models__modalities;

comment on view staging.detail_modalities is 'One row per modality of a model, as last fetched with the record';
comment on column staging.detail_modalities.list_index is 'Position in the record''s list, from 0; the upstream order is not meaningful';
