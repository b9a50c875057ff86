-- A price, or a value computed from prices, is out of range.
-- Severity: error
-- Reads: marts.offers, marts.model_prices.
select
    'marts.offers' as table_name,
    model_id || ' / ' || provider_id || ' / ' || cast(offer_number as varchar) as key,
    'a price is negative or not finite' as problem
from marts.offers
where
    input_usd_per_mtok not between -1.7976931348623157e308 and 1.7976931348623157e308
    or output_usd_per_mtok not between -1.7976931348623157e308 and 1.7976931348623157e308
    or input_usd_per_mtok < 0
    or output_usd_per_mtok < 0

union all

select
    'marts.offers' as table_name,
    model_id || ' / ' || provider_id || ' / ' || cast(offer_number as varchar) as key,
    'the blended price is not between the two prices' as problem
from marts.offers
where
    blended_usd_per_mtok < least(input_usd_per_mtok, output_usd_per_mtok) - 1e-9
    or blended_usd_per_mtok > greatest(input_usd_per_mtok, output_usd_per_mtok) * (1 + 1e-9) + 1e-9
    or (blended_usd_per_mtok is null) <> (input_usd_per_mtok is null or output_usd_per_mtok is null)

union all

select
    'marts.offers' as table_name,
    model_id || ' / ' || provider_id || ' / ' || cast(offer_number as varchar) as key,
    'a rank or a price ratio is below 1' as problem
from marts.offers
where
    price_rank < 1
    or (is_available and price_ratio_to_cheapest < 1)

union all

select
    'marts.model_prices' as table_name,
    model_id as key,
    'minimum, median and maximum are out of order' as problem
from marts.model_prices
where
    min_blended_usd_per_mtok > median_blended_usd_per_mtok
    or median_blended_usd_per_mtok > max_blended_usd_per_mtok
    or spread_ratio < 1
