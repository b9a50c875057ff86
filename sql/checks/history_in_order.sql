-- A history row ends at or before its start, or overlaps the next row of the same item.
-- Severity: error
-- Reads: history.offers, history.scores, history.listings.
select
    'history.offers' as table_name,
    model_id,
    provider_id as item_id,
    offer_number as item_number,
    valid_from,
    valid_to
from history.offers
qualify
    valid_to <= valid_from
    or coalesce(
        lead(valid_from)
            over (
                partition by model_id, provider_id, offer_number
                order by valid_from, valid_to
            )
        < coalesce(valid_to, cast('9999-12-31' as timestamp)),
        false
    )

union all

select
    'history.scores' as table_name,
    model_id,
    benchmark_id as item_id,
    score_number as item_number,
    valid_from,
    valid_to
from history.scores
qualify
    valid_to <= valid_from
    or coalesce(
        lead(valid_from)
            over (
                partition by model_id, benchmark_id, score_number
                order by valid_from, valid_to
            )
        < coalesce(valid_to, cast('9999-12-31' as timestamp)),
        false
    )

union all

select
    'history.listings' as table_name,
    model_id,
    cast(null as varchar) as item_id,
    cast(null as bigint) as item_number,
    valid_from,
    valid_to
from history.listings
qualify
    valid_to <= valid_from
    or coalesce(
        lead(valid_from)
            over (
                partition by model_id
                order by valid_from, valid_to
            )
        < coalesce(valid_to, cast('9999-12-31' as timestamp)),
        false
    )
