-- Each current offer: a provider's price for a model, compared with the model's other offers.
-- Grain: model_id, provider_id, offer_number.
-- Order: model_id, price_rank nulls last, provider_id, offer_number.
-- Reads: staging.current_offers, staging.suspect_prices, staging.models.
-- An unavailable offer keeps its prices but has no rank. The cheapest offer may be free. A suspect
-- offer is ranked like any other, because its price may be right.
create or replace view marts.offers as
with
ranked_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        rank() over (partition by model_id order by blended_usd_per_mtok) as price_rank
    from staging.current_offers
    where
        is_available
        and blended_usd_per_mtok is not null
),

lowest_paid_offers as (
    select
        model_id,
        min(blended_usd_per_mtok) as lowest_paid_usd_per_mtok
    from staging.current_offers
    where
        is_available
        and not is_free
    group by model_id
),

suspect_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        concat_ws(
            '; ',
            max(reason) filter (where compared_price = 'input'),
            max(reason) filter (where compared_price = 'output'),
            max(reason) filter (where compared_price = 'both')
        ) as suspect_reason
    from staging.suspect_prices
    group by
        model_id,
        provider_id,
        offer_number
)

select
    current_offers.model_id,
    current_offers.provider_id,
    current_offers.offer_number,
    current_offers.provider_name,
    current_offers.status,
    current_offers.is_available,
    current_offers.input_usd_per_mtok,
    current_offers.output_usd_per_mtok,
    current_offers.blended_usd_per_mtok,
    current_offers.is_free,
    ranked_offers.price_rank,
    case
        when not current_offers.is_free
            then current_offers.blended_usd_per_mtok / lowest_paid_offers.lowest_paid_usd_per_mtok
    end as price_ratio_to_cheapest,
    coalesce(ranked_offers.price_rank = 1, false) as is_cheapest,
    coalesce(current_offers.provider_id = models.organization_id, false) as is_first_party,
    suspect_offers.suspect_reason is not null as is_suspect,
    suspect_offers.suspect_reason,
    current_offers.valid_from
from staging.current_offers as current_offers
left join ranked_offers
    on
        current_offers.model_id = ranked_offers.model_id
        and current_offers.provider_id = ranked_offers.provider_id
        and current_offers.offer_number = ranked_offers.offer_number
left join lowest_paid_offers on current_offers.model_id = lowest_paid_offers.model_id
left join suspect_offers
    on
        current_offers.model_id = suspect_offers.model_id
        and current_offers.provider_id = suspect_offers.provider_id
        and current_offers.offer_number = suspect_offers.offer_number
left join staging.models as models on current_offers.model_id = models.model_id;

comment on view marts.offers is 'One row per current offer: a provider''s price for a model, compared with the model''s other offers. An offer is priced if both its prices are published. Ranks and ratios use the blended price (three parts input to one part output); for other weights see marts.workload_cost. A price per token is not the price of an answer, because models need different numbers of tokens for the same task';
comment on column marts.offers.price_rank is 'Rank by blended price among the model''s available priced offers, 1 is cheapest; equal prices share a rank; free offers come first; null if the offer is not available or not priced';
comment on column marts.offers.price_ratio_to_cheapest is 'Blended price divided by the lowest blended price of the model''s available paid offers. An offer is paid if it is priced and not free. An unavailable offer may have a ratio below 1. Null for an offer that is not paid, and for a model without an available paid offer';
comment on column marts.offers.is_cheapest is 'True if price_rank is 1, ties included; false for an offer without a rank';
comment on column marts.offers.is_first_party is 'True if provider_id equals organization_id, the id of the organization that made the model. False for makers that sell under another id, such as Amazon under `bedrock`';
comment on column marts.offers.is_suspect is 'True if a price of the offer looks wrong, see suspect_reason. A suspect offer is ranked like any other offer, because its price may be right';
comment on column marts.offers.suspect_reason is 'Why a price of the offer looks wrong: the findings of the rules price_outlier and price_lopsided in marts.data_quality, separated by `; `. Null if the offer is not suspect';
