-- Figures at the top of the report. `unfetched_count` counts the listed models without a fetched
-- record. `prices_since` is when the first price was seen.
-- Grain: one row.
-- Reads: staging.models, history.listings, staging.catalog_reads, marts.model_prices, marts.offers,
-- marts.model_price_history, marts.scores, marts.data_quality, marts.freshness.
with
current_listings as (
    select
        model_id,
        is_listed
    from history.listings
    where valid_to is null
),

counted_models as (
    select
        count(*) as model_count,
        count(*) filter (where listings.is_listed) as listed_count,
        count(*) filter (where not listings.is_listed) as unlisted_count,
        count(*) filter (
            where models.fetched_at is null and coalesce(listings.is_listed, true)
        ) as unfetched_count,
        min(models.fetched_at) as oldest_at,
        max(models.fetched_at) as newest_at
    from staging.models as models
    left join current_listings as listings on models.model_id = listings.model_id
),

last_read as (
    select max(read_at) as read_at from staging.catalog_reads
),

counted_prices as (
    select
        count(*) filter (where offer_count > 0) as priced_count,
        count(*) filter (where has_free_offer) as free_count
    from marts.model_prices
),

first_prices as (
    select min(valid_from) as prices_since from marts.model_price_history
),

counted_offers as (
    select
        count(*) as offer_count,
        count(*) filter (where is_available) as available_count,
        count(distinct provider_id) as provider_count
    from marts.offers
),

counted_scores as (
    select
        count(*) as score_count,
        count(*) filter (where evidence <> 'self_reported') as independent_count,
        count(*) filter (
            where
            evidence <> 'self_reported'
            and (source_url like '%://example.%' or source_url like '%://www.example.%')
        ) as example_count,
        count(distinct benchmark_id) as benchmark_count,
        count(distinct benchmark_id) filter (where is_comparable) as comparable_count
    from marts.scores
),

counted_findings as (
    select
        count(*) as finding_count,
        count(distinct rule) as rule_count
    from marts.data_quality
),

-- Failing models that are in marts.models or have a rejected record. Other failing ids may be
-- misspelled.
counted_failures as (
    select count(*) as failing_count
    from marts.freshness
    where
        consecutive_failures > 0
        and (
            last_outcome = 'rejected'
            or model_id in (select models.model_id from marts.models as models)
        )
)

select
    counted_models.model_count,
    counted_models.listed_count,
    counted_models.unlisted_count,
    counted_models.unfetched_count,
    last_read.read_at,
    counted_models.oldest_at,
    counted_models.newest_at,
    counted_prices.priced_count,
    counted_prices.free_count,
    first_prices.prices_since,
    counted_offers.offer_count,
    counted_offers.available_count,
    counted_offers.provider_count,
    counted_scores.score_count,
    counted_scores.independent_count,
    counted_scores.example_count,
    counted_scores.benchmark_count,
    counted_scores.comparable_count,
    counted_findings.finding_count,
    counted_findings.rule_count,
    counted_failures.failing_count
from counted_models
cross join last_read
cross join counted_prices
cross join first_prices
cross join counted_offers
cross join counted_scores
cross join counted_findings
cross join counted_failures
