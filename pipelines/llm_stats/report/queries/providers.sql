-- Every provider with a current offer.
-- Grain: provider_id.
-- Order: marts.providers.
-- Reads: marts.providers.
select
    provider_id,
    provider_name,
    model_count,
    offer_count,
    competitive_model_count,
    cheapest_count,
    median_price_ratio
from marts.providers
