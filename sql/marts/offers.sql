-- Each current offer: a provider's price for a model, compared with the model's other offers.
-- Grain: model_id, provider_id, offer_number.
-- Order: model_id, price_rank nulls last, provider_id, offer_number.
-- Reads: marts.price_history, history.listings.
-- An unavailable offer keeps its prices but has no rank. The cheapest offer may be free.
create or replace view marts.offers as
with
unlisted_models as (
    select model_id
    from history.listings
    where
        valid_to is null
        and not is_listed
),

open_offers as (
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        offers.provider_name,
        offers.status,
        offers.is_available and unlisted_models.model_id is null as is_available,
        offers.input_usd_per_mtok,
        offers.output_usd_per_mtok,
        coalesce(
            offers.input_usd_per_mtok = 0 and offers.output_usd_per_mtok = 0, false
        ) as is_free,
        offers.blended_usd_per_mtok,
        offers.valid_from
    from marts.price_history as offers
    left join unlisted_models on offers.model_id = unlisted_models.model_id
    where offers.is_current
),

ranked_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        rank() over (partition by model_id order by blended_usd_per_mtok) as price_rank
    from open_offers
    where
        is_available
        and blended_usd_per_mtok is not null
),

lowest_paid_offers as (
    select
        model_id,
        min(blended_usd_per_mtok) as lowest_paid_usd_per_mtok
    from open_offers
    where
        is_available
        and not is_free
    group by model_id
)

select
    open_offers.model_id,
    open_offers.provider_id,
    open_offers.offer_number,
    open_offers.provider_name,
    open_offers.status,
    open_offers.is_available,
    open_offers.input_usd_per_mtok,
    open_offers.output_usd_per_mtok,
    open_offers.blended_usd_per_mtok,
    open_offers.is_free,
    ranked_offers.price_rank,
    case
        when not open_offers.is_free
            then open_offers.blended_usd_per_mtok / lowest_paid_offers.lowest_paid_usd_per_mtok
    end as price_ratio_to_cheapest,
    coalesce(ranked_offers.price_rank = 1, false) as is_cheapest,
    open_offers.valid_from
from open_offers
left join ranked_offers
    on
        open_offers.model_id = ranked_offers.model_id
        and open_offers.provider_id = ranked_offers.provider_id
        and open_offers.offer_number = ranked_offers.offer_number
left join lowest_paid_offers on open_offers.model_id = lowest_paid_offers.model_id;

comment on view marts.offers is 'One row per current offer: a provider''s price for a model, compared with the model''s other offers. An offer is priced if both its prices are published. Ranks and ratios use the blended price (three parts input to one part output); for other weights see marts.workload_cost';
comment on column marts.offers.provider_name is 'Display name of the provider; not unique, never a key';
comment on column marts.offers.is_available is 'True if the offer can be bought: the status is `active`, and the model has not left the catalog';
comment on column marts.offers.is_free is 'True if both prices are 0; false if a price is not published';
comment on column marts.offers.price_rank is 'Rank by blended price among the model''s available priced offers, 1 is cheapest; equal prices share a rank; free offers come first; null if the offer is not available or not priced';
comment on column marts.offers.price_ratio_to_cheapest is 'Blended price divided by the lowest blended price of the model''s available paid offers. An offer is paid if it is priced and not free. The ratio is 1 for the cheapest available paid offer; only an unavailable offer can have a ratio below 1. Null if this offer is free or not priced, or if the model has no available paid offer';
comment on column marts.offers.is_cheapest is 'True if price_rank is 1, ties included; false for an offer without a rank';
