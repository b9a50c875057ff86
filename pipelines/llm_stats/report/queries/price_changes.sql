-- Changes of offers in the last 90 days. The 90 days end at the time of the newest data.
-- Grain: model_id, provider_id, offer_number, changed_at, kind.
-- Order: marts.price_changes.
-- Reads: marts.price_changes, marts.offers, staging.models, staging.catalog_reads.
-- `suspect_reason` is why the new prices may be wrong. It is null if they are no longer current.
select
    changes.model_id,
    changes.provider_id,
    changes.offer_number,
    changes.provider_name,
    changes.changed_at,
    changes.kind,
    changes.old_status,
    changes.new_status,
    changes.old_input_usd_per_mtok,
    changes.new_input_usd_per_mtok,
    changes.old_output_usd_per_mtok,
    changes.new_output_usd_per_mtok,
    changes.old_blended_usd_per_mtok,
    changes.new_blended_usd_per_mtok,
    changes.blended_change_pct,
    changes.direction,
    changes.is_reversal,
    offers.suspect_reason
from marts.price_changes as changes
left join marts.offers as offers
    on
        changes.model_id = offers.model_id
        and changes.provider_id = offers.provider_id
        and changes.offer_number = offers.offer_number
        and changes.new_input_usd_per_mtok is not distinct from offers.input_usd_per_mtok
        and changes.new_output_usd_per_mtok is not distinct from offers.output_usd_per_mtok
where
    changes.changed_at >= greatest(
        (select max(models.fetched_at) from staging.models as models),
        (select max(reads.read_at) from staging.catalog_reads as reads)
    ) - interval '90' day
