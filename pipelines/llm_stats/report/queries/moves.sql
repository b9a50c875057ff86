-- Models with the largest changes of the lowest price in the last 7 days: five cuts and five rises,
-- largest first. The 7 days end at the time of the newest data.
-- Grain: model_id.
-- Reads: marts.model_price_history, marts.models, marts.offers, staging.models,
-- staging.catalog_reads.
-- The current price of a model is compared with the model's first price in the 7 days. A cheaper
-- new offer is a cut. `changed_model_count` counts all models with the direction of the row.
-- `suspect_reason` is why the current price may be wrong.
with
prices_of_the_week as (
    select
        model_id,
        min_blended_usd_per_mtok,
        is_current,
        row_number() over (partition by model_id order by valid_from) as position
    from marts.model_price_history
    where
        valid_to is null
        or valid_to > greatest(
            (select max(models.fetched_at) from staging.models as models),
            (select max(reads.read_at) from staging.catalog_reads as reads)
        ) - interval '7' day
),

moves as (
    select
        old_prices.model_id,
        case
            when new_prices.min_blended_usd_per_mtok < old_prices.min_blended_usd_per_mtok
                then 'cut'
            else 'rise'
        end as direction,
        old_prices.min_blended_usd_per_mtok as old_blended_usd_per_mtok,
        new_prices.min_blended_usd_per_mtok as new_blended_usd_per_mtok,
        100 * (new_prices.min_blended_usd_per_mtok - old_prices.min_blended_usd_per_mtok)
        / old_prices.min_blended_usd_per_mtok as blended_change_pct
    from prices_of_the_week as old_prices
    inner join prices_of_the_week as new_prices on old_prices.model_id = new_prices.model_id
    where
        old_prices.position = 1
        and new_prices.is_current
        and old_prices.min_blended_usd_per_mtok <> new_prices.min_blended_usd_per_mtok
),

numbered_moves as (
    select
        model_id,
        direction,
        old_blended_usd_per_mtok,
        new_blended_usd_per_mtok,
        blended_change_pct,
        count(*) over (partition by direction) as changed_model_count,
        row_number() over (
            partition by direction
            order by abs(blended_change_pct) desc, model_id
        ) as position
    from moves
),

-- Among offers with the same price, choose the first by the name of the provider.
numbered_offers as (
    select
        model_id,
        blended_usd_per_mtok,
        provider_name,
        suspect_reason,
        row_number() over (
            partition by model_id, blended_usd_per_mtok
            order by provider_name, provider_id, offer_number
        ) as position
    from marts.offers
    where is_available
)

select
    moves.direction,
    moves.model_id,
    models.model_name,
    offers.provider_name,
    offers.suspect_reason,
    moves.old_blended_usd_per_mtok,
    moves.new_blended_usd_per_mtok,
    moves.blended_change_pct,
    moves.changed_model_count
from numbered_moves as moves
inner join marts.models as models on moves.model_id = models.model_id
inner join numbered_offers as offers
    on
        moves.model_id = offers.model_id
        and moves.new_blended_usd_per_mtok = offers.blended_usd_per_mtok
        and offers.position = 1
where moves.position <= 5
order by
    moves.direction,
    moves.position
