-- The history of each offer: one row per stretch of time in which it did not change.
-- Grain: model_id, provider_id, offer_number, valid_from. At most one row of an offer is open.
-- Reads: staging.models, staging.offers, staging.offer_hash, history.models.
-- The open rows of a model are its current offers. A model that was not fetched has not changed.
-- Running this twice changes nothing the second time.
-- A provider may be listed twice. Equal rows keep their number, whatever the order of the list. The
-- other entries succeed one another in the order of list and number. An offer keeps its number when
-- its twin goes, so number 2 may exist without number 1.
create table if not exists history.offers (
    model_id varchar not null,
    provider_id varchar not null,
    offer_number bigint not null,
    provider_name varchar,
    status varchar,
    input_usd_per_mtok double,
    output_usd_per_mtok double,
    valid_from timestamp not null,
    valid_to timestamp,
    row_hash varchar
);

-- A run clears the hashes when the definitions or the engine have changed.
update history.offers
set row_hash = staging.offer_hash(provider_name, status, input_usd_per_mtok, output_usd_per_mtok)
where
    valid_to is null
    and row_hash is null;

-- Close the open rows that have no equal among the current offers.
update history.offers
set
    valid_to = closed_rows.closed_at,
    row_hash = null
from (
    with current_counts as (
        select
            model_id,
            provider_id,
            staging.offer_hash(
                provider_name, status, input_usd_per_mtok, output_usd_per_mtok
            ) as row_hash,
            count(*) as row_count
        from staging.offers
        group by
            model_id,
            provider_id,
            row_hash
    ),

    open_rows as (
        select
            model_id,
            provider_id,
            offer_number,
            row_hash,
            row_number() over (
                partition by model_id, provider_id, row_hash
                order by offer_number
            ) as duplicate_number
        from history.offers
        where valid_to is null
    )

    select
        open_rows.model_id,
        open_rows.provider_id,
        open_rows.offer_number,
        model_dates.last_fetched_at as closed_at
    from open_rows
    inner join staging.models as models on open_rows.model_id = models.model_id
    inner join history.models as model_dates on open_rows.model_id = model_dates.model_id
    left join current_counts
        on
            open_rows.model_id = current_counts.model_id
            and open_rows.provider_id = current_counts.provider_id
            and open_rows.row_hash = current_counts.row_hash
    where open_rows.duplicate_number > coalesce(current_counts.row_count, 0)
) as closed_rows
where
    offers.valid_to is null
    and offers.model_id = closed_rows.model_id
    and offers.provider_id = closed_rows.provider_id
    and offers.offer_number = closed_rows.offer_number;

-- Open a row for each current offer that has no equal among the open rows. It takes a number that
-- was closed just now, else the smallest free one.
insert into history.offers (
    model_id,
    provider_id,
    offer_number,
    provider_name,
    status,
    input_usd_per_mtok,
    output_usd_per_mtok,
    valid_from,
    row_hash
)
with hashed_offers as (
    select
        model_id,
        provider_id,
        list_index,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        staging.offer_hash(
            provider_name, status, input_usd_per_mtok, output_usd_per_mtok
        ) as row_hash
    from staging.offers
),

current_rows as (
    select
        model_id,
        provider_id,
        list_index,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        row_hash,
        row_number() over (
            partition by model_id, provider_id, row_hash
            order by list_index
        ) as duplicate_number,
        row_number() over (partition by model_id, provider_id order by list_index) as entry_number
    from hashed_offers
),

open_counts as (
    select
        model_id,
        provider_id,
        row_hash,
        count(*) as row_count
    from history.offers
    where valid_to is null
    group by
        model_id,
        provider_id,
        row_hash
),

new_rows as (
    select
        current_rows.model_id,
        current_rows.provider_id,
        current_rows.provider_name,
        current_rows.status,
        current_rows.input_usd_per_mtok,
        current_rows.output_usd_per_mtok,
        current_rows.row_hash,
        row_number() over (
            partition by current_rows.model_id, current_rows.provider_id
            order by current_rows.list_index
        ) as position
    from current_rows
    left join open_counts
        on
            current_rows.model_id = open_counts.model_id
            and current_rows.provider_id = open_counts.provider_id
            and current_rows.row_hash = open_counts.row_hash
    where current_rows.duplicate_number > coalesce(open_counts.row_count, 0)
),

-- as many numbers as the provider has entries, and those that were closed just now
possible_numbers as (
    select
        model_id,
        provider_id,
        entry_number as offer_number,
        1 as preference
    from current_rows
    union all
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        0 as preference
    from history.offers as offers
    inner join history.models as model_dates
        on
            offers.model_id = model_dates.model_id
            and offers.valid_to = model_dates.last_fetched_at
),

free_numbers as (
    select
        possible_numbers.model_id,
        possible_numbers.provider_id,
        possible_numbers.offer_number,
        row_number() over (
            partition by possible_numbers.model_id, possible_numbers.provider_id
            order by min(possible_numbers.preference), possible_numbers.offer_number
        ) as position
    from possible_numbers
    left join history.offers as open_rows
        on
            possible_numbers.model_id = open_rows.model_id
            and possible_numbers.provider_id = open_rows.provider_id
            and possible_numbers.offer_number = open_rows.offer_number
            and open_rows.valid_to is null
    where open_rows.model_id is null
    group by
        possible_numbers.model_id,
        possible_numbers.provider_id,
        possible_numbers.offer_number
)

select
    new_rows.model_id,
    new_rows.provider_id,
    free_numbers.offer_number,
    new_rows.provider_name,
    new_rows.status,
    new_rows.input_usd_per_mtok,
    new_rows.output_usd_per_mtok,
    model_dates.last_fetched_at as valid_from,
    new_rows.row_hash
from new_rows
inner join history.models as model_dates on new_rows.model_id = model_dates.model_id
inner join free_numbers
    on
        new_rows.model_id = free_numbers.model_id
        and new_rows.provider_id = free_numbers.provider_id
        and new_rows.position = free_numbers.position;

-- A row that was replaced in the instant in which it began was never true.
delete from history.offers
where valid_to <= valid_from;

comment on table history.offers is 'One row per offer and stretch of time in which it did not change';
comment on column history.offers.offer_number is 'Tells a provider''s offers for a model apart; 1 unless it was listed more than once';
comment on column history.offers.valid_from is 'Since when the row is true, inclusive (UTC): when it was first fetched';
comment on column history.offers.valid_to is 'Until when the row was true, exclusive (UTC): when it was found gone; null: still true';
comment on column history.offers.row_hash is 'Hash of the compared columns, for the next run; null: the row is closed, or its hash is not known yet';
