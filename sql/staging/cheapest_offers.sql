-- The cheapest available priced offer of each model, and the price of the cheapest paid offer.
-- Grain: model_id.
-- Order: price_usd_per_mtok, model_id.
-- Reads: marts.offers.
create or replace view staging.cheapest_offers as
with
priced_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        price_rank,
        is_free,
        is_suspect,
        blended_usd_per_mtok
    from marts.offers
    where price_rank is not null
),

cheapest_offers as (
    select
        model_id,
        provider_id,
        is_suspect,
        blended_usd_per_mtok
    from priced_offers
    where price_rank = 1
    qualify row_number() over (partition by model_id order by provider_id, offer_number) = 1
),

cheapest_paid_offers as (
    select
        model_id,
        is_suspect,
        blended_usd_per_mtok
    from priced_offers
    where not is_free
    qualify
        row_number() over (
            partition by model_id
            order by blended_usd_per_mtok, provider_id, offer_number
        ) = 1
)

select
    cheapest_offers.model_id,
    cheapest_offers.provider_id,
    cheapest_offers.blended_usd_per_mtok as price_usd_per_mtok,
    cheapest_paid_offers.blended_usd_per_mtok as paid_price_usd_per_mtok,
    cheapest_offers.is_suspect,
    cheapest_paid_offers.is_suspect as is_paid_price_suspect
from cheapest_offers
left join cheapest_paid_offers on cheapest_offers.model_id = cheapest_paid_offers.model_id;

comment on view staging.cheapest_offers is 'One row per model with an available priced offer: the cheapest of these offers';
comment on column staging.cheapest_offers.provider_id is 'Id of the provider of the cheapest available priced offer; in a tie, the first id in alphabetical order';
comment on column staging.cheapest_offers.price_usd_per_mtok is 'Blended price of the cheapest available offer, in US dollars per million tokens; 0 if free';
comment on column staging.cheapest_offers.is_suspect is 'True if a price of the cheapest offer looks wrong: see marts.offers.suspect_reason';
comment on column staging.cheapest_offers.is_paid_price_suspect is 'True if a price of the cheapest paid offer looks wrong; null if only free offers are available';
comment on column staging.cheapest_offers.paid_price_usd_per_mtok is 'Lowest blended price of the model''s available offers that are not free, in US dollars per million tokens; null if only free offers are available';
