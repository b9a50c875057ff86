-- Figures at the top of the report. `sample_count` counts the models of the bundled sample.
-- Grain: one row.
-- Reads: staging.models, staging.catalog_reads, marts.model_prices, marts.offers, marts.scores,
-- marts.data_quality, marts.freshness.
with
counted_models as (
    select
        count(*) as model_count,
        count(*) filter (where upstream_source = 'sample') as sample_count,
        min(fetched_at) as oldest_at,
        max(seen_at) as last_seen_at
    from staging.models
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

counted_failures as (
    select count(*) as failing_count
    from marts.freshness
    where consecutive_failures > 0
)

select
    counted_models.model_count,
    counted_models.sample_count,
    counted_models.oldest_at,
    greatest(counted_models.last_seen_at, last_read.read_at) as newest_at,
    counted_prices.priced_count,
    counted_prices.free_count,
    counted_offers.offer_count,
    counted_offers.available_count,
    counted_offers.provider_count,
    counted_scores.score_count,
    counted_scores.independent_count,
    counted_scores.benchmark_count,
    counted_scores.comparable_count,
    counted_findings.finding_count,
    counted_findings.rule_count,
    counted_failures.failing_count
from counted_models
cross join last_read
cross join counted_prices
cross join counted_offers
cross join counted_scores
cross join counted_findings
cross join counted_failures
