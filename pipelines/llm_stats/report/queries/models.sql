-- Every model with its lowest price, the providers at this price, and why the price is suspect. The
-- columns with `paid` ignore free offers; the other columns include them.
-- Grain: model_id.
-- Order: marts.models.
-- Reads: marts.models, marts.model_prices, marts.offers.
with
named_providers as (
    select
        model_id,
        string_agg(distinct provider_name, ', ' order by provider_name) filter (
            where is_cheapest
        ) as provider_names,
        string_agg(distinct suspect_reason, '; ' order by suspect_reason) filter (
            where is_cheapest
        ) as suspect_reason,
        string_agg(distinct provider_name, ', ' order by provider_name) filter (
            where price_ratio_to_cheapest = 1
        ) as paid_provider_names,
        string_agg(distinct suspect_reason, '; ' order by suspect_reason) filter (
            where price_ratio_to_cheapest = 1
        ) as paid_suspect_reason
    from marts.offers
    where is_available
    group by model_id
)

select
    models.model_id,
    models.model_name,
    models.organization_name,
    case
        when model_prices.has_free_offer then 0
        else model_prices.min_blended_usd_per_mtok
    end as price_usd_per_mtok,
    named_providers.provider_names,
    named_providers.suspect_reason,
    model_prices.min_blended_usd_per_mtok as paid_price_usd_per_mtok,
    named_providers.paid_provider_names,
    named_providers.paid_suspect_reason
from marts.models as models
inner join marts.model_prices as model_prices on models.model_id = model_prices.model_id
left join named_providers on models.model_id = named_providers.model_id
