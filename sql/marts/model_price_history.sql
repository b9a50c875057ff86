-- Lowest price of each model over time, and the providers with this price. The price is the lowest
-- blended price of the available paid offers.
-- Grain: model_id, valid_from.
-- Order: is_current desc, valid_from desc, model_id.
-- Reads: marts.price_history, history.listings.
-- An offer is paid if both its prices are published and not both are 0. An offer is available if
-- its status is active and its model is listed. In a gap between two rows, the model has no
-- available paid offer.
create or replace view marts.model_price_history as
with
paid_offers as (
    select
        model_id,
        provider_id,
        blended_usd_per_mtok,
        valid_from,
        valid_to
    from marts.price_history
    where
        is_available
        and blended_usd_per_mtok is not null
        and not (input_usd_per_mtok = 0 and output_usd_per_mtok = 0)
),

unlisted_periods as (
    select
        model_id,
        valid_from,
        valid_to
    from history.listings
    where not is_listed
),

-- The times at which the lowest price of a model may change.
moments as (
    select
        model_id,
        valid_from as moment
    from paid_offers
    union
    select
        model_id,
        valid_to as moment
    from paid_offers
    where valid_to is not null
    union
    select
        model_id,
        valid_from as moment
    from unlisted_periods
    union
    select
        model_id,
        valid_to as moment
    from unlisted_periods
    where valid_to is not null
),

periods as (
    select
        model_id,
        moment as valid_from,
        lead(moment) over (partition by model_id order by moment) as valid_to
    from moments
),

listed_periods as (
    select
        periods.model_id,
        periods.valid_from,
        periods.valid_to
    from periods
    left join unlisted_periods
        on
            periods.model_id = unlisted_periods.model_id
            and periods.valid_from >= unlisted_periods.valid_from
            and (
                periods.valid_from < unlisted_periods.valid_to
                or unlisted_periods.valid_to is null
            )
    where unlisted_periods.model_id is null
),

lowest_prices as (
    select
        periods.model_id,
        periods.valid_from,
        periods.valid_to,
        min(paid_offers.blended_usd_per_mtok) as min_blended_usd_per_mtok
    from listed_periods as periods
    inner join paid_offers
        on
            periods.model_id = paid_offers.model_id
            and periods.valid_from >= paid_offers.valid_from
            and (periods.valid_from < paid_offers.valid_to or paid_offers.valid_to is null)
    group by
        periods.model_id,
        periods.valid_from,
        periods.valid_to
),

cheapest_providers as (
    select
        prices.model_id,
        prices.valid_from,
        prices.valid_to,
        prices.min_blended_usd_per_mtok,
        array_agg(distinct paid_offers.provider_id order by paid_offers.provider_id)
            as provider_ids
    from lowest_prices as prices
    inner join paid_offers
        on
            prices.model_id = paid_offers.model_id
            and prices.min_blended_usd_per_mtok = paid_offers.blended_usd_per_mtok
            and prices.valid_from >= paid_offers.valid_from
            and (prices.valid_from < paid_offers.valid_to or paid_offers.valid_to is null)
    group by
        prices.model_id,
        prices.valid_from,
        prices.valid_to,
        prices.min_blended_usd_per_mtok
),

compared_prices as (
    select
        model_id,
        valid_from,
        valid_to,
        min_blended_usd_per_mtok,
        provider_ids,
        coalesce(
            lag(valid_to) over in_time = valid_from
            and lag(min_blended_usd_per_mtok) over in_time = min_blended_usd_per_mtok
            and lag(provider_ids) over in_time = provider_ids,
            false
        ) as is_unchanged
    from cheapest_providers
    window in_time as (partition by model_id order by valid_from)
),

numbered_prices as (
    select
        model_id,
        valid_from,
        valid_to,
        min_blended_usd_per_mtok,
        provider_ids,
        sum(case when is_unchanged then 0 else 1 end) over (
            partition by model_id
            order by valid_from
        ) as stretch_number
    from compared_prices
)

select
    model_id,
    min(valid_from) as valid_from,
    case when bool_and(valid_to is not null) then max(valid_to) end as valid_to,
    bool_or(valid_to is null) as is_current,
    min_blended_usd_per_mtok,
    provider_ids
from numbered_prices
group by
    model_id,
    stretch_number,
    min_blended_usd_per_mtok,
    provider_ids;

comment on view marts.model_price_history is 'One row per model and period in which the lowest price and the providers with this price did not change. The price is the lowest blended price among the model''s available paid offers. An offer is paid if both its prices are published and not both are 0. In a gap between two rows, the model had no available paid offer. Times are those at which the changes were found. Suspect prices are not marked in this view; marts.offers marks current suspect prices. A price per token is not the price of an answer, because models need different numbers of tokens for the same task';
comment on column marts.model_price_history.valid_from is 'Start of the period, inclusive (UTC): when a fetch of the record or a read of the catalog found the new lowest price, the new providers, or the model listed again';
comment on column marts.model_price_history.valid_to is 'End of the period, exclusive (UTC): when a fetch of the record or a read of the catalog found another lowest price, other providers, no available paid offer, or the model unlisted. Null if the row is still valid';
comment on column marts.model_price_history.is_current is 'True if the row is still valid. marts.model_prices has the same current price';
comment on column marts.model_price_history.min_blended_usd_per_mtok is 'Lowest blended price (three parts input, one part output) of the available offers that are not free, in US dollars per million tokens';
comment on column marts.model_price_history.provider_ids is 'Ids of the providers with the lowest price, in alphabetical order';
