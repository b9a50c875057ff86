-- Each modality of each model.
-- Grain: model_id, list_index.
-- Order: model_id, list_index.
-- Reads: staging.detail_modalities, staging.catalog_modalities, staging.summaries_ahead.
-- If staging.summaries_ahead contains a model, its rows come from the summary. Otherwise they come
-- from the record.
create or replace view staging.modalities as
select
    modalities.model_id,
    modalities.list_index,
    modalities.modality
from staging.detail_modalities as modalities
left join staging.summaries_ahead on modalities.model_id = summaries_ahead.model_id
where summaries_ahead.model_id is null
union all
select
    modalities.model_id,
    modalities.list_index,
    modalities.modality
from staging.catalog_modalities as modalities
inner join staging.summaries_ahead on modalities.model_id = summaries_ahead.model_id;

comment on view staging.modalities is 'One row per modality of a model, as last seen in the record or in the catalog';
