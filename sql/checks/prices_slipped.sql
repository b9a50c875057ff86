-- In the last load, most offers changed in the same way, as if a unit or a field had changed.
-- Severity: error
-- Reads: staging.last_load, staging.catalog_reads, staging.catalog_models, history.models,
-- history.offers, history.row_counts.
-- The check compares the offers that existed both before and after the last load. It fails if at
-- least 10 of them, and more than half of all offers, changed in the same way. Price changes by a
-- factor between 0.1 and 10 are ignored. Larger price changes count as the same change if their
-- factors agree within 1 %.
-- Offers from the catalog and offers from records are judged separately. The number of all offers
-- in the catalog includes the offers of unchanged summaries, although these are not loaded.
with
last_read as (
    select
        catalog_reads.read_at,
        catalog_reads.model_count
    from staging.catalog_reads as catalog_reads
    inner join staging.last_load on catalog_reads.load_id = last_load.load_id
),

loaded_models as (
    select
        models.model_id,
        models.offers_last_seen_at,
        last_read.read_at is not null as is_from_catalog
    from history.models as models
    inner join staging.last_load on models.offers_load_id = last_load.load_id
    left join staging.catalog_models as summaries on models.model_id = summaries.model_id
    left join last_read on summaries.read_at = last_read.read_at
),

compared_offers as (
    select
        loaded_models.is_from_catalog,
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

-- Estimated number of offers in the last read of the catalog, which may be incomplete.
listed_counts as (
    select
        offer_counts.row_count
        * last_read.model_count
        / cast(nullif(model_counts.row_count, 0) as double) as offer_count
    from last_read
    cross join staging.last_load
    inner join history.row_counts as offer_counts
        on
            last_load.load_id = offer_counts.load_id
            and offer_counts.table_name = 'raw.catalog_models__providers'
    inner join history.row_counts as model_counts
        on
            last_load.load_id = model_counts.load_id
            and model_counts.table_name = 'raw.catalog_models'
),

compared_counts as (
    select
        compared_offers.is_from_catalog,
        case
            when compared_offers.is_from_catalog
                then greatest(count(*), max(listed_counts.offer_count))
            else count(*)
        end as offer_count
    from compared_offers
    left join listed_counts on compared_offers.is_from_catalog
    group by compared_offers.is_from_catalog
),

price_factors as (
    select
        is_from_catalog,
        'input price' as field,
        new_input / old_input as factor
    from compared_offers
    where old_input > 0
    union all
    select
        is_from_catalog,
        'output price' as field,
        new_output / old_output as factor
    from compared_offers
    where old_output > 0
),

large_factors as (
    select
        is_from_catalog,
        field,
        factor
    from price_factors
    where
        factor >= 10
        or (factor <= 0.1 and factor > 0)
),

median_factors as (
    select
        is_from_catalog,
        field,
        median(factor) as factor
    from large_factors
    group by
        is_from_catalog,
        field
),

changes as (
    select
        median_factors.is_from_catalog,
        median_factors.field || ' changed by the same factor' as change,
        median_factors.factor,
        count(*) as offer_count
    from median_factors
    inner join large_factors
        on
            median_factors.is_from_catalog = large_factors.is_from_catalog
            and median_factors.field = large_factors.field
    where abs(large_factors.factor / median_factors.factor - 1) <= 0.01
    group by
        median_factors.is_from_catalog,
        median_factors.field,
        median_factors.factor
    union all
    select
        is_from_catalog,
        field || ' became 0' as change,
        cast(null as double) as factor,
        count(*) as offer_count
    from price_factors
    where factor = 0
    group by
        is_from_catalog,
        field
    union all
    select
        is_from_catalog,
        'lost a price' as change,
        cast(null as double) as factor,
        count(*) as offer_count
    from compared_offers
    where
        (old_input is not null and new_input is null)
        or (old_output is not null and new_output is null)
    group by is_from_catalog
    union all
    select
        is_from_catalog,
        'became unavailable' as change,
        cast(null as double) as factor,
        count(*) as offer_count
    from compared_offers
    where
        old_status = 'active'
        and new_status is distinct from 'active'
    group by is_from_catalog
)

select
    changes.change,
    changes.factor,
    changes.offer_count,
    cast(compared_counts.offer_count as bigint) as compared_offer_count
from changes
inner join compared_counts on changes.is_from_catalog = compared_counts.is_from_catalog
where
    changes.offer_count >= 10
    and 2 * changes.offer_count > compared_counts.offer_count
