-- Models that joined the catalog, left it, or came back.
-- Grain: model_id, changed_at, kind.
-- Order: changed_at desc, model_id, kind.
-- Reads: history.listings, staging.catalog_reads.
-- Models in the first trusted read of the catalog have no row for joining. If a later read lists a
-- model for the first time, the model has a row of the kind `listed`.
create or replace view marts.model_changes as
with
first_read as (
    select min(read_at) as read_at
    from staging.catalog_reads
    where is_trusted
),

numbered_listings as (
    select
        model_id,
        is_listed,
        reason,
        valid_from,
        row_number() over (partition by model_id order by valid_from) as listing_number
    from history.listings
)

select
    listings.model_id,
    listings.valid_from as changed_at,
    case
        when not listings.is_listed then 'unlisted'
        when listings.listing_number = 1 then 'listed'
        else 'relisted'
    end as kind,
    listings.reason
from numbered_listings as listings
cross join first_read
where
    not listings.is_listed
    or listings.listing_number > 1
    or listings.valid_from > first_read.read_at;

comment on view marts.model_changes is 'One row each time a model joined the catalog, left it, or came back. Models in the first trusted read of the catalog have no row for joining. A read is trusted if it is complete and few models are missing';
comment on column marts.model_changes.changed_at is 'When the change was found (UTC)';
comment on column marts.model_changes.kind is '`listed` (new in the catalog), `unlisted` (left) or `relisted` (came back)';
