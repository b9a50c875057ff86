-- Every model, with what it costs at the cheapest: free offers included, and without them.
-- Grain: model_id.
-- Reads: marts.models, marts.model_prices, marts.offers.
select
    models.model_id,
    models.model_name,
    models.organization_name,
    case when model_prices.has_free_offer then 0 else model_prices.min_blended_usd_per_mtok end as price_usd_per_mtok,
    string_agg(distinct offers.provider_name, ', ' order by offers.provider_name) filter (where offers.is_cheapest) as provider_names,
    model_prices.min_blended_usd_per_mtok as paid_price_usd_per_mtok,
    string_agg(distinct offers.provider_name, ', ' order by offers.provider_name)
        filter (where offers.times_cheapest = 1) as paid_provider_names
from marts.models as models
inner join marts.model_prices as model_prices on models.model_id = model_prices.model_id
left join marts.offers as offers
    on
        models.model_id = offers.model_id
        and offers.is_available
group by all
order by models.model_id
