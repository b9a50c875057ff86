-- Largest price cuts and rises in the 7 days up to the latest fetch of a record or read of the
-- catalog, largest first: for each direction, the largest change of each of five models.
-- Grain: direction, model_id.
-- Reads: marts.price_changes, marts.models, staging.models, staging.catalog_reads.
-- `change_count` and `changed_model_count` are the totals of the direction in these days. They
-- include changes without a percentage, such as a rise from 0.
with
changes_of_the_week as (
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        changed_at,
        direction,
        old_blended_usd_per_mtok,
        new_blended_usd_per_mtok,
        blended_change_pct,
        is_reversal
    from marts.price_changes
    where
        direction in ('cut', 'rise')
        and changed_at >= greatest(
            (select max(models.fetched_at) from staging.models as models),
            (select max(reads.read_at) from staging.catalog_reads as reads)
        ) - interval '7' day
),

totals as (
    select
        direction,
        count(*) as change_count,
        count(distinct model_id) as changed_model_count
    from changes_of_the_week
    group by direction
),

largest_changes as (
    select *
    from changes_of_the_week
    where blended_change_pct is not null
    qualify
        row_number() over (
            partition by direction, model_id
            order by abs(blended_change_pct) desc, changed_at desc, provider_id, offer_number
        ) = 1
)

select
    changes.direction,
    changes.model_id,
    models.model_name,
    changes.provider_name,
    changes.changed_at,
    changes.old_blended_usd_per_mtok,
    changes.new_blended_usd_per_mtok,
    changes.blended_change_pct,
    changes.is_reversal,
    totals.change_count,
    totals.changed_model_count
from largest_changes as changes
inner join totals on changes.direction = totals.direction
inner join marts.models as models on changes.model_id = models.model_id
qualify
    row_number() over (
        partition by changes.direction
        order by abs(changes.blended_change_pct) desc, changes.model_id
    ) <= 5
order by
    changes.direction,
    abs(changes.blended_change_pct) desc,
    changes.model_id
