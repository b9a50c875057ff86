-- Periods in which a model was listed or unlisted.
-- Grain: model_id, valid_from. A model has at most one open row (valid_to is null).
-- Order: valid_to is not null, valid_from desc, model_id.
-- Reads: staging.last_load, staging.catalog_reads, staging.catalog_models, staging.catalog_missing,
-- staging.catalog_rejected, staging.fetches, staging.detail_models, history.models.
-- After a trusted read of the catalog, the models on its pages are listed, and all other models of
-- the warehouse are unlisted. A model is also unlisted if its record was not found on two
-- consecutive days (UTC). On each day, the load with the 404 must also have received the record of
-- another model. The model is listed again when its record is found.
-- Responses older than the last trusted read have no effect. A 404 has no effect if a read of the
-- catalog lists the model, even if the read is untrusted. A model without a row counts as listed.
create table if not exists history.listings (
    model_id varchar not null,
    is_listed boolean not null,
    reason varchar not null,
    load_id varchar not null,
    valid_from timestamp not null,
    valid_to timestamp
);

insert into history.listings (
    model_id,
    is_listed,
    reason,
    load_id,
    valid_from
)
with
last_read as (
    select
        load_id,
        read_at
    from staging.catalog_reads
    where is_trusted
    qualify row_number() over (order by read_at desc, load_id desc) = 1
),

-- The models that the last trusted read covers: missing models, and models with a valid or a
-- rejected summary. Models that were first loaded after that read are left out.
catalog_listings as (
    select
        models.model_id,
        missing.model_id is null as is_listed,
        'catalog' as reason,
        last_read.read_at as valid_from
    from history.models as models
    cross join last_read
    left join staging.catalog_missing as missing on models.model_id = missing.model_id
    left join staging.catalog_models as summaries on models.model_id = summaries.model_id
    left join staging.catalog_rejected as rejected
        on
            models.model_id = rejected.model_id
            and last_read.load_id = rejected.load_id
    where
        missing.model_id is not null
        or rejected.model_id is not null
        or (
            summaries.read_at is not null
            and least(models.offers_first_seen_at, summaries.read_at) <= last_read.read_at
        )
),

-- Loads in which the API returned a record. Other loads may have had a wrong base URL.
working_loads as (
    select distinct load_id
    from staging.fetches
    where
        outcome in ('loaded', 'not_modified')
        and attempts > 0
),

newest_read as (
    select max(read_at) as read_at
    from staging.catalog_reads
),

-- The 404s that count. In a run that read the catalog, a 404 counts if the catalog does not list
-- the model. In any other run, a 404 counts if no read of the catalog is newer, because a newer
-- read may list the model.
not_found_fetches as (
    select
        fetches.model_id,
        fetches.requested_at,
        cast(fetches.requested_at as date) as requested_date
    from staging.fetches as fetches
    inner join working_loads on fetches.load_id = working_loads.load_id
    inner join history.models as models on fetches.model_id = models.model_id
    left join staging.detail_models as details on fetches.model_id = details.model_id
    left join last_read on fetches.requested_at <= last_read.read_at
    cross join newest_read
    where
        fetches.outcome = 'not_found'
        and fetches.attempts > 0
        and (details.fetched_at is null or fetches.requested_at > details.fetched_at)
        and last_read.read_at is null
        and case
            when fetches.is_listed is not null then not fetches.is_listed
            else newest_read.read_at is null or fetches.requested_at > newest_read.read_at
        end
),

not_found_listings as (
    select
        later.model_id,
        false as is_listed,
        '404' as reason,
        min(later.requested_at) as valid_from
    from not_found_fetches as later
    inner join not_found_fetches as earlier
        on
            later.model_id = earlier.model_id
            and later.requested_date = earlier.requested_date + 1
    group by later.model_id
),

found_listings as (
    select
        listings.model_id,
        true as is_listed,
        '200' as reason,
        details.fetched_at as valid_from
    from history.listings as listings
    inner join staging.detail_models as details on listings.model_id = details.model_id
    left join last_read on listings.valid_from <= last_read.read_at
    where
        listings.valid_to is null
        and listings.reason = '404'
        and details.fetched_at > listings.valid_from
        and last_read.read_at is null
),

new_listings as (
    select
        model_id,
        is_listed,
        reason,
        valid_from
    from catalog_listings
    union all
    select
        model_id,
        is_listed,
        reason,
        valid_from
    from not_found_listings
    union all
    select
        model_id,
        is_listed,
        reason,
        valid_from
    from found_listings
)

select
    new_listings.model_id,
    new_listings.is_listed,
    new_listings.reason,
    last_load.load_id,
    new_listings.valid_from
from new_listings
cross join staging.last_load
left join history.listings as open_listings
    on
        new_listings.model_id = open_listings.model_id
        and open_listings.valid_to is null
where
    open_listings.model_id is null
    or (
        open_listings.is_listed <> new_listings.is_listed
        and open_listings.valid_from < new_listings.valid_from
    );

-- If a model has a new row, end its previous row where the new row begins.
update history.listings
set valid_to = later.valid_from
from history.listings as later
where
    listings.valid_to is null
    and listings.model_id = later.model_id
    and listings.valid_from < later.valid_from;

comment on table history.listings is 'One row per model and period in which the model was listed or unlisted';
comment on column history.listings.is_listed is 'True if the model is listed';
comment on column history.listings.reason is 'Why the period began: `catalog` (a read of the catalog), `404` (the record was not found on two consecutive days) or `200` (the record was found again)';
comment on column history.listings.load_id is 'Id of the load that wrote the row';
comment on column history.listings.valid_from is 'Start of the period, inclusive (UTC): when the read of the catalog began, or when the response arrived';
comment on column history.listings.valid_to is 'End of the period, exclusive (UTC); null if the row is still valid';
