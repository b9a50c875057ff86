-- When the catalog last listed each model.
-- Grain: model_id. Models that were in no trusted read of the catalog have no row.
-- Order: listed_at desc, model_id.
-- Reads: staging.catalog_reads, history.listings.
create or replace view staging.listed_models as
with
listed_periods as (
    select
        model_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as timestamp)) as valid_to
    from history.listings
    where is_listed
),

-- Many periods end at the same time. For speed, find the last read of the catalog only once per
-- end time.
period_ends as (
    select distinct valid_to
    from listed_periods
),

last_reads as (
    select
        period_ends.valid_to,
        max(catalog_reads.read_at) as read_at
    from period_ends
    inner join staging.catalog_reads on period_ends.valid_to > catalog_reads.read_at
    where catalog_reads.is_trusted
    group by period_ends.valid_to
)

select
    listed_periods.model_id,
    max(last_reads.read_at) as listed_at
from listed_periods
inner join last_reads
    on
        listed_periods.valid_to = last_reads.valid_to
        and listed_periods.valid_from <= last_reads.read_at
group by listed_periods.model_id;

comment on view staging.listed_models is 'One row per model that was in a trusted read of the catalog';
comment on column staging.listed_models.listed_at is 'Start of the last trusted read of the catalog that listed the model (UTC)';
