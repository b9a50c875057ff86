-- History of each offer: one row per period in which the offer did not change.
-- Grain: model_id, provider_id, offer_number, valid_from. An offer has at most one open row
-- (valid_to is null).
-- Order: valid_to is not null, valid_from desc, model_id, provider_id, offer_number.
-- Reads: staging.last_load, staging.offers, staging.offer_hash, staging.blended_price,
-- history.models.
-- The open rows of a model are its current offers, from its record or from the catalog. A model
-- that was not loaded keeps its rows. A second run of this file on the same data changes nothing.
-- A model may list a provider (`provider_id`) more than once, even under different names. The
-- current offers of the provider are matched with its open rows in three steps:
--
-- 1. An offer is matched with an equal row.
-- 2. Unmatched offers and rows with the same provider name are paired in order of price.
-- 3. The remaining offers and rows are paired in order of price.
--
-- Each offer takes the `offer_number` of its row. An offer keeps its number if another offer of the
-- provider disappears, so number 2 may exist without number 1.
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

-- Close the open rows that are not among the current offers.
update history.offers
set
    valid_to = closed_rows.closed_at,
    row_hash = null
from (
    with
    loaded_models as (
        select models.model_id
        from history.models as models
        inner join staging.last_load on models.offers_load_id = last_load.load_id
        union
        select model_id
        from history.offers
        where
            valid_to is null
            and row_hash is null
    ),

    current_counts as (
        select
            model_id,
            provider_id,
            staging.offer_hash(
                provider_name, status, input_usd_per_mtok, output_usd_per_mtok
            ) as row_hash,
            count(*) as row_count
        from staging.offers
        where model_id in (select loaded_models.model_id from loaded_models)
        group by
            model_id,
            provider_id,
            row_hash
    ),

    hashed_rows as (
        select
            model_id,
            provider_id,
            offer_number,
            coalesce(
                row_hash,
                staging.offer_hash(
                    provider_name, status, input_usd_per_mtok, output_usd_per_mtok
                )
            ) as row_hash
        from history.offers
        where
            valid_to is null
            and model_id in (select loaded_models.model_id from loaded_models)
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
        from hashed_rows
    )

    select
        open_rows.model_id,
        open_rows.provider_id,
        open_rows.offer_number,
        model_dates.offers_last_seen_at as closed_at
    from open_rows
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

-- Open a row for each current offer that is not among the open rows. A new row gets the number of
-- the row that it replaces, or the smallest free number.
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
with
loaded_models as (
    select models.model_id
    from history.models as models
    inner join staging.last_load on models.offers_load_id = last_load.load_id
    union
    select model_id
    from history.offers
    where
        valid_to is null
        and row_hash is null
    union
    -- If all rows of a model were just closed, no open row without a hash is left.
    select offers.model_id
    from history.offers as offers
    inner join history.models as models
        on
            offers.model_id = models.model_id
            and offers.valid_to = models.offers_last_seen_at
),

-- Every open row now equals a current offer. Only providers with more current offers than open rows
-- need new rows.
current_counts as (
    select
        model_id,
        provider_id,
        count(*) as row_count
    from staging.offers
    where model_id in (select loaded_models.model_id from loaded_models)
    group by
        model_id,
        provider_id
),

open_row_counts as (
    select
        model_id,
        provider_id,
        count(*) as row_count
    from history.offers
    where
        valid_to is null
        and model_id in (select loaded_models.model_id from loaded_models)
    group by
        model_id,
        provider_id
),

changed_providers as (
    select
        current_counts.model_id,
        current_counts.provider_id
    from current_counts
    left join open_row_counts
        on
            current_counts.model_id = open_row_counts.model_id
            and current_counts.provider_id = open_row_counts.provider_id
    where current_counts.row_count > coalesce(open_row_counts.row_count, 0)
),

hashed_offers as (
    select
        offers.model_id,
        offers.provider_id,
        offers.list_index,
        offers.provider_name,
        offers.status,
        offers.input_usd_per_mtok,
        offers.output_usd_per_mtok,
        staging.offer_hash(
            offers.provider_name,
            offers.status,
            offers.input_usd_per_mtok,
            offers.output_usd_per_mtok
        ) as row_hash
    from staging.offers as offers
    inner join changed_providers
        on
            offers.model_id = changed_providers.model_id
            and offers.provider_id = changed_providers.provider_id
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

open_hashes as (
    select
        model_id,
        provider_id,
        coalesce(
            row_hash,
            staging.offer_hash(
                provider_name, status, input_usd_per_mtok, output_usd_per_mtok
            )
        ) as row_hash
    from history.offers
    where
        valid_to is null
        and model_id in (select loaded_models.model_id from loaded_models)
),

open_counts as (
    select
        model_id,
        provider_id,
        row_hash,
        count(*) as row_count
    from open_hashes
    group by
        model_id,
        provider_id,
        row_hash
),

taken_numbers as (
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        max(offers.valid_from) as valid_from,
        bool_and(offers.valid_to is not null) as is_closed
    from history.offers as offers
    inner join history.models as model_dates on offers.model_id = model_dates.model_id
    where
        offers.valid_to is null
        or offers.valid_to = model_dates.offers_last_seen_at
    group by
        offers.model_id,
        offers.provider_id,
        offers.offer_number
),

-- New rows (`is_row` is true), and candidates for their `offer_number`: first the `offer_number` of
-- each row just closed, then free numbers.
candidates as (
    select
        current_rows.model_id,
        current_rows.provider_id,
        true as is_row,
        current_rows.list_index as list_index_or_number,
        0 as preference,
        current_rows.provider_name,
        current_rows.status,
        current_rows.input_usd_per_mtok,
        current_rows.output_usd_per_mtok
    from current_rows
    left join open_counts
        on
            current_rows.model_id = open_counts.model_id
            and current_rows.provider_id = open_counts.provider_id
            and current_rows.row_hash = open_counts.row_hash
    where current_rows.duplicate_number > coalesce(open_counts.row_count, 0)
    union all
    select
        offers.model_id,
        offers.provider_id,
        false as is_row,
        offers.offer_number as list_index_or_number,
        0 as preference,
        offers.provider_name,
        offers.status,
        offers.input_usd_per_mtok,
        offers.output_usd_per_mtok
    from history.offers as offers
    inner join taken_numbers
        on
            offers.model_id = taken_numbers.model_id
            and offers.provider_id = taken_numbers.provider_id
            and offers.offer_number = taken_numbers.offer_number
            and offers.valid_from = taken_numbers.valid_from
    where taken_numbers.is_closed
    union all
    select
        current_rows.model_id,
        current_rows.provider_id,
        false as is_row,
        current_rows.entry_number as list_index_or_number,
        1 as preference,
        null as provider_name,
        null as status,
        null as input_usd_per_mtok,
        null as output_usd_per_mtok
    from current_rows
    left join taken_numbers
        on
            current_rows.model_id = taken_numbers.model_id
            and current_rows.provider_id = taken_numbers.provider_id
            and current_rows.entry_number = taken_numbers.offer_number
    where taken_numbers.model_id is null
),

ordered_candidates as (
    select
        model_id,
        provider_id,
        is_row,
        list_index_or_number,
        provider_name,
        row_number() over (
            partition by model_id, provider_id, is_row
            order by
                preference,
                staging.blended_price(input_usd_per_mtok, output_usd_per_mtok, 3, 1),
                input_usd_per_mtok,
                output_usd_per_mtok,
                provider_name,
                status,
                list_index_or_number
        ) as price_position
    from candidates
),

named_candidates as (
    select
        model_id,
        provider_id,
        is_row,
        list_index_or_number,
        provider_name,
        price_position,
        row_number() over (
            partition by model_id, provider_id, is_row, provider_name
            order by price_position
        ) as name_position
    from ordered_candidates
),

matched_candidates as (
    select
        model_id,
        provider_id,
        is_row,
        list_index_or_number,
        provider_name,
        price_position,
        name_position,
        provider_name is not null
        and count(*) over (
            partition by model_id, provider_id, provider_name, name_position
        ) = 2 as has_same_name
    from named_candidates
),

pairable_candidates as (
    select
        model_id,
        provider_id,
        is_row,
        list_index_or_number,
        has_same_name,
        row_number() over (
            partition by model_id, provider_id, is_row, has_same_name
            order by
                case when has_same_name then provider_name end,
                case when has_same_name then name_position else price_position end
        ) as position
    from matched_candidates
)

select
    current_rows.model_id,
    current_rows.provider_id,
    numbers.list_index_or_number as offer_number,
    current_rows.provider_name,
    current_rows.status,
    current_rows.input_usd_per_mtok,
    current_rows.output_usd_per_mtok,
    model_dates.offers_last_seen_at as valid_from,
    current_rows.row_hash
from current_rows
inner join history.models as model_dates on current_rows.model_id = model_dates.model_id
inner join pairable_candidates as new_rows
    on
        current_rows.model_id = new_rows.model_id
        and current_rows.list_index = new_rows.list_index_or_number
        and new_rows.is_row
inner join pairable_candidates as numbers
    on
        new_rows.model_id = numbers.model_id
        and new_rows.provider_id = numbers.provider_id
        and new_rows.has_same_name = numbers.has_same_name
        and new_rows.position = numbers.position
        and not numbers.is_row;

-- Delete the rows that end at or before their start, because they were never valid.
delete from history.offers
where valid_to <= valid_from;

-- Recompute the hashes that a run has set to null because the SQL or the engine version changed.
update history.offers
set row_hash = staging.offer_hash(provider_name, status, input_usd_per_mtok, output_usd_per_mtok)
where
    valid_to is null
    and row_hash is null;

comment on table history.offers is 'One row per offer and period in which the offer did not change';
comment on column history.offers.offer_number is 'Number that distinguishes the offers of a provider for a model; greater than 1 only if the model has listed the provider more than once';
comment on column history.offers.valid_from is 'Start of the period in which the row is valid, inclusive (UTC): when a fetch of the record or a read of the catalog first found the offer in this state';
comment on column history.offers.valid_to is 'End of the period in which the row is valid, exclusive (UTC): when a fetch of the record or a read of the catalog found the offer changed or removed; null if the row is still valid';
comment on column history.offers.row_hash is 'Hash of the columns that the next run compares with the record or the catalog. Null if the row has ended, or if the next run must recompute the hash';
