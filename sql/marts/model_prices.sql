-- Prices of each model: the price range of its available priced offers, and the cheapest providers.
-- Grain: model_id. Every model appears. Without an available priced offer, offer_count is 0 and the
-- columns after it are null.
-- Order: min_blended_usd_per_mtok nulls last, model_id.
-- Reads: staging.models, marts.offers, staging.round_significant.
create or replace view marts.model_prices as
with
summed_offers as (
    select
        model_id,
        count(*) as offer_count,
        min(blended_usd_per_mtok) filter (where not is_free) as min_blended_usd_per_mtok,
        staging.round_significant(
            median(blended_usd_per_mtok) filter (where not is_free)
        ) as median_blended_usd_per_mtok,
        max(blended_usd_per_mtok) filter (where not is_free) as max_blended_usd_per_mtok,
        bool_or(is_suspect) filter (where price_ratio_to_cheapest = 1) as is_suspect,
        bool_or(is_free) as has_free_offer,
        array_agg(distinct provider_id order by provider_id) filter (
            where is_cheapest
        ) as cheapest_provider_ids
    from marts.offers
    where price_rank is not null
    group by model_id
)

select
    models.model_id,
    coalesce(summed_offers.offer_count, 0) as offer_count,
    summed_offers.cheapest_provider_ids,
    summed_offers.min_blended_usd_per_mtok,
    summed_offers.is_suspect,
    summed_offers.median_blended_usd_per_mtok,
    summed_offers.max_blended_usd_per_mtok,
    summed_offers.max_blended_usd_per_mtok / summed_offers.min_blended_usd_per_mtok as spread_ratio,
    summed_offers.has_free_offer
from staging.models as models
left join summed_offers on models.model_id = summed_offers.model_id;

comment on view marts.model_prices is 'One row per model: the price range of its available priced offers, and the cheapest providers. An offer is priced if both its prices are published. Minimum, median and maximum exclude free offers; cheapest_provider_ids includes them. A price per token is not the price of an answer, because models need different numbers of tokens for the same task';
comment on column marts.model_prices.model_id is 'Model id; every model has a row';
comment on column marts.model_prices.offer_count is 'Number of available offers with both prices. If offer_count is 0, all columns after it are null';
comment on column marts.model_prices.cheapest_provider_ids is 'Ids of the providers with the lowest blended price, free offers and ties included, in alphabetical order; null if there is no available priced offer';
comment on column marts.model_prices.min_blended_usd_per_mtok is 'Lowest blended price of the offers that are not free, in US dollars per million tokens; null if no paid offer is available';
comment on column marts.model_prices.is_suspect is 'True if an offer with the price min_blended_usd_per_mtok is suspect: a price of the offer looks wrong, see marts.offers.suspect_reason. Null if no paid offer is available';
comment on column marts.model_prices.median_blended_usd_per_mtok is 'Median blended price of the offers that are not free, in US dollars per million tokens; null if no paid offer is available';
comment on column marts.model_prices.max_blended_usd_per_mtok is 'Highest blended price of the offers that are not free, in US dollars per million tokens; null if no paid offer is available';
comment on column marts.model_prices.spread_ratio is 'max_blended_usd_per_mtok divided by min_blended_usd_per_mtok; 1 if all prices are equal; null if no paid offer is available';
comment on column marts.model_prices.has_free_offer is 'True if an available offer is free; null if there is no available priced offer';
