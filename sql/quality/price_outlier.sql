-- A price of at least 100 times the model's median price. Input prices are compared with the median
-- input price, output prices with the median output price.
-- Reads: marts.offers, staging.offer_label, staging.number_text.
with
-- Median prices of each model's available priced offers that are not free. With an even number of
-- offers, use the lower of the two middle prices. Otherwise an outlier could raise the median: with
-- two offers, the median would be the mean of the outlier and the other price.
median_prices as (
    select
        model_id,
        quantile_disc(input_usd_per_mtok, 0.5) as input_usd_per_mtok,
        quantile_disc(output_usd_per_mtok, 0.5) as output_usd_per_mtok
    from marts.offers
    where
        price_rank is not null
        and not is_free
    group by model_id
),

judged_prices as (
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        'input' as kind,
        offers.input_usd_per_mtok as usd_per_mtok,
        median_prices.input_usd_per_mtok as median_usd_per_mtok
    from marts.offers as offers
    inner join median_prices on offers.model_id = median_prices.model_id
    union all
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        'output' as kind,
        offers.output_usd_per_mtok as usd_per_mtok,
        median_prices.output_usd_per_mtok as median_usd_per_mtok
    from marts.offers as offers
    inner join median_prices on offers.model_id = median_prices.model_id
)

select
    model_id,
    staging.offer_label(provider_id, offer_number)
    || kind || ' price ' || staging.number_text(usd_per_mtok)
    || ' is at least 100 times the model''s median '
    || staging.number_text(median_usd_per_mtok) as detail
from judged_prices
where
    median_usd_per_mtok > 0
    and usd_per_mtok / 100 >= median_usd_per_mtok;
