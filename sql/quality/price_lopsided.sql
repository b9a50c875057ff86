-- An offer whose input and output prices differ by a factor of 100 or more.
-- Reads: staging.suspect_prices, staging.offer_label.
select
    model_id,
    staging.offer_label(provider_id, offer_number) || reason as detail
from staging.suspect_prices
where rule = 'price_lopsided';
