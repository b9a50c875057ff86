-- Lowest price of each model over time. `known_until` is defined as in prices.sql.
-- Grain: model_id, valid_from.
-- Reads: marts.model_price_history, marts.models, history.models.
select
    prices.model_id,
    prices.min_blended_usd_per_mtok,
    prices.valid_from,
    coalesce(
        prices.valid_to,
        greatest(clocks.offers_last_seen_at, models.listed_at)
    ) as known_until
from marts.model_price_history as prices
inner join marts.models as models on prices.model_id = models.model_id
inner join history.models as clocks on prices.model_id = clocks.model_id
order by
    prices.model_id,
    prices.valid_from
