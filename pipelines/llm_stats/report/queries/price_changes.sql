-- Changes of offers in the last 90 days. The 90 days end at the time of the newest data.
-- Grain: model_id, provider_id, offer_number, changed_at, kind.
-- Order: marts.price_changes.
-- Reads: marts.price_changes, staging.models, staging.catalog_reads.
select
    model_id,
    provider_id,
    offer_number,
    provider_name,
    changed_at,
    kind,
    old_status,
    new_status,
    old_input_usd_per_mtok,
    new_input_usd_per_mtok,
    old_output_usd_per_mtok,
    new_output_usd_per_mtok,
    old_blended_usd_per_mtok,
    new_blended_usd_per_mtok,
    blended_change_pct,
    direction,
    is_reversal
from marts.price_changes
where
    changed_at >= greatest(
        (select max(models.fetched_at) from staging.models as models),
        (select max(reads.read_at) from staging.catalog_reads as reads)
    ) - interval '90' day
