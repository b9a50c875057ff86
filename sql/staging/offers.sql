-- Each current entry of each model's provider list: the price of one provider for one model.
-- Grain: model_id, list_index. A provider may be listed twice, so (model_id, provider_id) is not a
-- key.
-- Order: model_id, list_index.
-- Reads: staging.detail_offers, staging.catalog_offers, staging.summaries_ahead.
-- If staging.summaries_ahead contains a model, its rows come from the summary. Otherwise they come
-- from the record.
create or replace view staging.offers as
select
    offers.model_id,
    offers.list_index,
    offers.provider_id,
    offers.provider_name,
    offers.status,
    offers.input_usd_per_mtok,
    offers.output_usd_per_mtok,
    offers.extra
from staging.detail_offers as offers
left join staging.summaries_ahead on offers.model_id = summaries_ahead.model_id
where summaries_ahead.model_id is null
union all
select
    offers.model_id,
    offers.list_index,
    offers.provider_id,
    offers.provider_name,
    offers.status,
    offers.input_usd_per_mtok,
    offers.output_usd_per_mtok,
    offers.extra
from staging.catalog_offers as offers
inner join staging.summaries_ahead on offers.model_id = summaries_ahead.model_id;

comment on view staging.offers is 'One row per offer: a provider''s price for a model, as last seen in the record or in the catalog';
