-- Current offers with a price that looks wrong, and why.
-- Grain: model_id, provider_id, offer_number, compared_price.
-- Order: model_id, provider_id, offer_number, rule desc, compared_price.
-- Reads: staging.current_offers, staging.number_text.
-- price_outlier: a price of at least 100 times the model's median price. Input prices are compared
-- with the median input price, output prices with the median output price. If the prices of a
-- model's only two offers differ by this factor, either may be wrong, so both are suspect. If one
-- of the two offers is lopsided, only the higher price is an outlier.
-- price_lopsided: an input and an output price that differ by a factor of 100 or more. This rule
-- also finds a wrong price of a model's only offer. That price is the median, so price_outlier
-- cannot find it.
create or replace view staging.suspect_prices as
with
offers as (
    select
        model_id,
        provider_id,
        offer_number,
        input_usd_per_mtok,
        output_usd_per_mtok,
        is_available and not is_free and blended_usd_per_mtok is not null as is_in_median,
        coalesce(
            input_usd_per_mtok > 0
            and output_usd_per_mtok > 0
            and (
                output_usd_per_mtok / 100 >= input_usd_per_mtok
                or input_usd_per_mtok / 100 >= output_usd_per_mtok
            ),
            false
        ) as is_lopsided
    from staging.current_offers
),

-- Median prices of each model's available priced offers that are not free. With an even number of
-- offers, the median is the lower of the two middle prices. A mean of two prices could include an
-- outlier.
median_prices as (
    select
        model_id,
        count(*) = 2 and not bool_or(is_lopsided) as is_pair,
        quantile_disc(input_usd_per_mtok, 0.5) as input_usd_per_mtok,
        quantile_disc(output_usd_per_mtok, 0.5) as output_usd_per_mtok,
        max(input_usd_per_mtok) as highest_input_usd_per_mtok,
        max(output_usd_per_mtok) as highest_output_usd_per_mtok
    from offers
    where is_in_median
    group by model_id
),

compared_prices as (
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        'input' as compared_price,
        offers.input_usd_per_mtok as usd_per_mtok,
        median_prices.input_usd_per_mtok as median_usd_per_mtok,
        median_prices.highest_input_usd_per_mtok as highest_usd_per_mtok,
        median_prices.is_pair and offers.is_in_median as is_one_of_two
    from offers
    inner join median_prices on offers.model_id = median_prices.model_id
    union all
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        'output' as compared_price,
        offers.output_usd_per_mtok as usd_per_mtok,
        median_prices.output_usd_per_mtok as median_usd_per_mtok,
        median_prices.highest_output_usd_per_mtok as highest_usd_per_mtok,
        median_prices.is_pair and offers.is_in_median as is_one_of_two
    from offers
    inner join median_prices on offers.model_id = median_prices.model_id
)

select
    model_id,
    provider_id,
    offer_number,
    'price_outlier' as rule,
    compared_price,
    compared_price || ' price ' || staging.number_text(usd_per_mtok)
    || ' is at least 100 times the model''s median '
    || staging.number_text(median_usd_per_mtok) as reason
from compared_prices
where
    median_usd_per_mtok > 0
    and usd_per_mtok / 100 >= median_usd_per_mtok
union all
select
    model_id,
    provider_id,
    offer_number,
    'price_outlier' as rule,
    compared_price,
    compared_price || ' price ' || staging.number_text(usd_per_mtok)
    || ' is at most a hundredth of the model''s only other price '
    || staging.number_text(highest_usd_per_mtok) as reason
from compared_prices
where
    is_one_of_two
    and usd_per_mtok > 0
    and usd_per_mtok = median_usd_per_mtok
    and highest_usd_per_mtok / 100 >= usd_per_mtok
union all
select
    model_id,
    provider_id,
    offer_number,
    'price_lopsided' as rule,
    'both' as compared_price,
    'input price ' || staging.number_text(input_usd_per_mtok)
    || ' and output price ' || staging.number_text(output_usd_per_mtok)
    || ' differ by a factor of 100 or more' as reason
from offers
where is_lopsided;

comment on view staging.suspect_prices is 'One row per current offer and reason why a price of the offer looks wrong. Unavailable offers are included';
comment on column staging.suspect_prices.rule is 'Rule of marts.data_quality that reports the price: `price_outlier` or `price_lopsided`';
comment on column staging.suspect_prices.compared_price is 'Price that looks wrong: `input` or `output`; `both` if the input and output price differ too much from each other';
comment on column staging.suspect_prices.reason is 'Why the price looks wrong; prices in US dollars per million tokens';
