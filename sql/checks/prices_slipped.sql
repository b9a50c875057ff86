-- Most offers of the last load changed in the same way, as if a unit or a field had changed.
-- Severity: error
-- Reads: staging.last_load, history.models, history.offers.
-- Only offers that existed both before and after the last load are compared. The check fails if at
-- least 10 of the compared offers, and more than half of them, changed in the same way. Price
-- changes by a factor between 0.1 and 10 are ignored. Larger price changes are the same if their
-- factors agree within 1 %.
with
loaded_models as (
    select
        models.model_id,
        models.offers_last_seen_at
    from history.models as models
    inner join staging.last_load on models.offers_load_id = last_load.load_id
),

compared_offers as (
    select
        old_offers.status as old_status,
        new_offers.status as new_status,
        old_offers.input_usd_per_mtok as old_input,
        new_offers.input_usd_per_mtok as new_input,
        old_offers.output_usd_per_mtok as old_output,
        new_offers.output_usd_per_mtok as new_output
    from loaded_models
    inner join history.offers as old_offers
        on
            loaded_models.model_id = old_offers.model_id
            and loaded_models.offers_last_seen_at > old_offers.valid_from
            and loaded_models.offers_last_seen_at
            = coalesce(old_offers.valid_to, loaded_models.offers_last_seen_at)
    inner join history.offers as new_offers
        on
            old_offers.model_id = new_offers.model_id
            and old_offers.provider_id = new_offers.provider_id
            and old_offers.offer_number = new_offers.offer_number
    where new_offers.valid_to is null
),

compared_counts as (
    select count(*) as offer_count from compared_offers
),

price_factors as (
    select
        'input price' as field,
        new_input / old_input as factor
    from compared_offers
    where old_input > 0
    union all
    select
        'output price' as field,
        new_output / old_output as factor
    from compared_offers
    where old_output > 0
),

large_factors as (
    select
        field,
        factor
    from price_factors
    where
        factor >= 10
        or (factor <= 0.1 and factor > 0)
),

median_factors as (
    select
        field,
        median(factor) as factor
    from large_factors
    group by field
),

changes as (
    select
        median_factors.field || ' changed by the same factor' as change,
        median_factors.factor,
        count(*) as offer_count
    from median_factors
    inner join large_factors on median_factors.field = large_factors.field
    where abs(large_factors.factor / median_factors.factor - 1) <= 0.01
    group by
        median_factors.field,
        median_factors.factor
    union all
    select
        field || ' became 0' as change,
        cast(null as double) as factor,
        count(*) as offer_count
    from price_factors
    where factor = 0
    group by field
    union all
    select
        'lost a price' as change,
        cast(null as double) as factor,
        count(*) as offer_count
    from compared_offers
    where
        (old_input is not null and new_input is null)
        or (old_output is not null and new_output is null)
    union all
    select
        'became unavailable' as change,
        cast(null as double) as factor,
        count(*) as offer_count
    from compared_offers
    where
        old_status = 'active'
        and new_status is distinct from 'active'
)

select
    changes.change,
    changes.factor,
    changes.offer_count,
    compared_counts.offer_count as compared_offer_count
from changes
cross join compared_counts
where
    changes.offer_count >= 10
    and 2 * changes.offer_count > compared_counts.offer_count
