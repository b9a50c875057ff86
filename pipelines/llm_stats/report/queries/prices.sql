-- Current and past offers. `known_until` of a current offer is when the model was last fetched or
-- listed in the catalog. `is_offered`, `is_first_party` and `suspect_reason` are null for past
-- offers. `is_offered` is false for a model that left the catalog. `is_initial` is true for the
-- offers with which the model was first seen.
-- Grain: model_id, provider_id, offer_number, valid_from.
-- Order: marts.price_history.
-- Reads: marts.price_history, marts.models, marts.offers, history.models.
select
    price_history.model_id,
    price_history.provider_id,
    price_history.offer_number,
    price_history.provider_name,
    price_history.status,
    price_history.is_available,
    price_history.input_usd_per_mtok,
    price_history.output_usd_per_mtok,
    price_history.blended_usd_per_mtok,
    offers.is_available as is_offered,
    offers.is_first_party,
    offers.suspect_reason,
    price_history.valid_from,
    coalesce(
        price_history.valid_to,
        greatest(clocks.offers_last_seen_at, models.listed_at)
    ) as known_until,
    price_history.is_current,
    price_history.valid_from = clocks.offers_first_seen_at as is_initial
from marts.price_history as price_history
inner join marts.models as models on price_history.model_id = models.model_id
inner join history.models as clocks on price_history.model_id = clocks.model_id
left join marts.offers as offers
    on
        price_history.is_current
        and price_history.model_id = offers.model_id
        and price_history.provider_id = offers.provider_id
        and price_history.offer_number = offers.offer_number
