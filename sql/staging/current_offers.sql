-- Each current offer: a provider's price for a model, and whether the offer can be bought.
-- Grain: model_id, provider_id, offer_number.
-- Order: model_id, provider_id, offer_number.
-- Reads: marts.price_history, staging.unlisted_models.
-- An offer with an active status is not available if its model has left the catalog.
create or replace view staging.current_offers as
select
    offers.model_id,
    offers.provider_id,
    offers.offer_number,
    offers.provider_name,
    offers.status,
    offers.is_available and unlisted_models.model_id is null as is_available,
    offers.input_usd_per_mtok,
    offers.output_usd_per_mtok,
    offers.blended_usd_per_mtok,
    coalesce(
        offers.input_usd_per_mtok = 0 and offers.output_usd_per_mtok = 0, false
    ) as is_free,
    offers.valid_from
from marts.price_history as offers
left join staging.unlisted_models as unlisted_models
    on offers.model_id = unlisted_models.model_id
where offers.is_current;

comment on view staging.current_offers is 'One row per current offer: a provider''s price for a model, and whether the offer can be bought';
comment on column staging.current_offers.provider_name is 'Display name of the provider; not unique, so do not join or group by it';
comment on column staging.current_offers.is_available is 'True if the offer can be bought: the status is `active`, and the model has not left the catalog';
comment on column staging.current_offers.is_free is 'True if both prices are 0; false if a price is not published';
