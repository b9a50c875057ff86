-- Each provider with a current offer: how many models it offers, and how its prices compare with
-- the prices of other offers for the same models.
-- Grain: provider_id.
-- Order: model_count desc, provider_id.
-- Reads: marts.offers, staging.is_most_common.
-- If a provider has two offers for a model, only the cheaper one is compared. model_count and
-- offer_count include models that left the catalog. The comparison excludes models that left.
create or replace view marts.providers as
with
offers as (
    select
        model_id,
        provider_id,
        provider_name,
        price_rank,
        price_ratio_to_cheapest,
        is_free
    from marts.offers
),

listed_offers as (
    select
        provider_id,
        count(distinct model_id) as model_count,
        count(*) as offer_count
    from offers
    group by provider_id
),

common_names as (
    select
        provider_id,
        provider_name
    from offers
    group by
        provider_id,
        provider_name
    qualify staging.is_most_common(provider_id, provider_name)
),

paid_offers as (
    select
        model_id,
        provider_id,
        price_ratio_to_cheapest,
        count(*) over (partition by model_id) as paid_offer_count
    from offers
    where
        price_rank is not null
        and not is_free
),

competitive_offers as (
    select
        model_id,
        provider_id,
        min(price_ratio_to_cheapest) as price_ratio_to_cheapest
    from paid_offers
    where paid_offer_count >= 2
    group by
        model_id,
        provider_id
),

competition as (
    select
        provider_id,
        count(*) as competitive_model_count,
        count(*) filter (where price_ratio_to_cheapest = 1) as cheapest_count,
        median(price_ratio_to_cheapest) as median_price_ratio
    from competitive_offers
    group by provider_id
)

select
    listed_offers.provider_id,
    common_names.provider_name,
    listed_offers.model_count,
    listed_offers.offer_count,
    coalesce(competition.competitive_model_count, 0) as competitive_model_count,
    coalesce(competition.cheapest_count, 0) as cheapest_count,
    competition.median_price_ratio
from listed_offers
inner join common_names on listed_offers.provider_id = common_names.provider_id
left join competition on listed_offers.provider_id = competition.provider_id;

comment on view marts.providers is 'One row per provider: how many models it offers, and how its prices for competitive models compare with the lowest prices. A model is competitive if two or more of its available priced offers are not free. The price comparison ignores free offers';
comment on column marts.providers.provider_id is 'Id of a provider with a current offer';
comment on column marts.providers.provider_name is 'Most frequent display name of the provider in its offers; in a tie, the first in alphabetical order; do not join or group by it';
comment on column marts.providers.model_count is 'Number of models with a current offer of the provider, available or not, including models that left the catalog';
comment on column marts.providers.offer_count is 'Number of current offers of the provider, available or not, including offers for models that left the catalog';
comment on column marts.providers.competitive_model_count is 'Number of competitive models for which this provider has an available priced offer that is not free';
comment on column marts.providers.cheapest_count is 'Number of competitive models for which this provider has the lowest price, ties included';
comment on column marts.providers.median_price_ratio is 'Median ratio of the provider''s price to the lowest price of the model, over the provider''s competitive models. A median of 1 means that the provider is cheapest for at least half of these models. Null if the provider has no competitive model';
