-- Each entry of each summary's provider list.
-- Grain: model_id, list_index. A provider may be listed twice, so (model_id, provider_id) is not a
-- key.
-- Order: model_id, list_index.
-- Reads: raw.catalog_models__providers, staging.round_significant.
create or replace view staging.catalog_offers as
select
    cast(model_id as varchar) as model_id,
    cast(_dlt_list_idx as bigint) as list_index,
    cast(provider_id as varchar) as provider_id,
    cast(provider_name as varchar) as provider_name,
    cast(status as varchar) as status,
    staging.round_significant(cast(input_price_per_m as double)) as input_usd_per_mtok,
    staging.round_significant(cast(output_price_per_m as double)) as output_usd_per_mtok,
    cast(extra as json) as extra
from raw.catalog_models__providers;

comment on view staging.catalog_offers is 'One row per offer: a provider''s price for a model, as last read from the catalog';
comment on column staging.catalog_offers.list_index is 'Position in the summary''s list, from 0; the upstream order is not meaningful';
comment on column staging.catalog_offers.input_usd_per_mtok is 'US dollars per million input tokens; null if not published, 0 if free';
comment on column staging.catalog_offers.output_usd_per_mtok is 'US dollars per million output tokens; null if not published, 0 if free';
