-- A price of at least 100 times the model's median price.
-- Reads: staging.suspect_prices, staging.offer_label.
select
    model_id,
    staging.offer_label(provider_id, offer_number) || reason as detail
from staging.suspect_prices
where rule = 'price_outlier';
