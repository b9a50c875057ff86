-- What each offer was, and from when to when: the difference between the current offers and the open rows, run after run.
-- Grain: model_id, provider_id, offer_number, valid_from. Of these, at most one row of an offer is open.
-- Reads: staging.models, staging.offers, history.models.
-- The open rows of a model are exactly its current offers. A model that was not fetched has not changed, so nothing happens to it.
-- Without a change nothing is written, so running this twice is running it once.
-- A provider may be listed twice. Then what did not change keeps its row and its number, whatever the order of the list; only the
-- entries left over on both sides are one another's successors, in the order of list and number. An offer that stays keeps its number
-- when its twin goes, so number 2 may exist without number 1.
create table if not exists history.offers (
    model_id varchar not null,
    provider_id varchar not null,
    offer_number bigint not null,
    provider_name varchar,
    status varchar,
    input_usd_per_mtok double,
    output_usd_per_mtok double,
    valid_from timestamp not null,
    valid_to timestamp
);

-- What the current offers no longer say ends.
update history.offers
set valid_to = ended.ended_at
from (
    with current_copies as (
        select
            model_id,
            provider_id,
            provider_name,
            status,
            input_usd_per_mtok,
            output_usd_per_mtok,
            row_number() over (
                partition by model_id, provider_id, provider_name, status, input_usd_per_mtok, output_usd_per_mtok
                order by list_index
            ) as copy_number
        from staging.offers
    ),

    open_copies as (
        select
            model_id,
            provider_id,
            offer_number,
            provider_name,
            status,
            input_usd_per_mtok,
            output_usd_per_mtok,
            row_number() over (
                partition by model_id, provider_id, provider_name, status, input_usd_per_mtok, output_usd_per_mtok
                order by offer_number
            ) as copy_number
        from history.offers
        where valid_to is null
    )

    select
        open_copies.model_id,
        open_copies.provider_id,
        open_copies.offer_number,
        clock.last_fetched_at as ended_at
    from open_copies
    inner join staging.models as loaded on open_copies.model_id = loaded.model_id
    inner join history.models as clock on open_copies.model_id = clock.model_id
    left join current_copies
        on
            open_copies.model_id = current_copies.model_id
            and open_copies.provider_id = current_copies.provider_id
            and open_copies.copy_number = current_copies.copy_number
            and open_copies.provider_name is not distinct from current_copies.provider_name
            and open_copies.status is not distinct from current_copies.status
            and open_copies.input_usd_per_mtok is not distinct from current_copies.input_usd_per_mtok
            and open_copies.output_usd_per_mtok is not distinct from current_copies.output_usd_per_mtok
    where current_copies.model_id is null
) as ended
where
    offers.valid_to is null
    and offers.model_id = ended.model_id
    and offers.provider_id = ended.provider_id
    and offers.offer_number = ended.offer_number;

-- What no open row says yet begins. It takes a number that has just ended, else the smallest free one.
insert into history.offers (
    model_id,
    provider_id,
    offer_number,
    provider_name,
    status,
    input_usd_per_mtok,
    output_usd_per_mtok,
    valid_from
)
with current_copies as (
    select
        model_id,
        provider_id,
        list_index,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        row_number() over (
            partition by model_id, provider_id, provider_name, status, input_usd_per_mtok, output_usd_per_mtok
            order by list_index
        ) as copy_number,
        row_number() over (partition by model_id, provider_id order by list_index) as entry_number
    from staging.offers
),

open_copies as (
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        row_number() over (
            partition by model_id, provider_id, provider_name, status, input_usd_per_mtok, output_usd_per_mtok
            order by offer_number
        ) as copy_number
    from history.offers
    where valid_to is null
),

begun as (
    select
        current_copies.model_id,
        current_copies.provider_id,
        current_copies.provider_name,
        current_copies.status,
        current_copies.input_usd_per_mtok,
        current_copies.output_usd_per_mtok,
        row_number() over (
            partition by current_copies.model_id, current_copies.provider_id
            order by current_copies.list_index
        ) as turn
    from current_copies
    left join open_copies
        on
            current_copies.model_id = open_copies.model_id
            and current_copies.provider_id = open_copies.provider_id
            and current_copies.copy_number = open_copies.copy_number
            and current_copies.provider_name is not distinct from open_copies.provider_name
            and current_copies.status is not distinct from open_copies.status
            and current_copies.input_usd_per_mtok is not distinct from open_copies.input_usd_per_mtok
            and current_copies.output_usd_per_mtok is not distinct from open_copies.output_usd_per_mtok
    where open_copies.model_id is null
),

-- As many numbers as the provider has entries, and those that ended just now.
possible_numbers as (
    select
        current_copies.model_id,
        current_copies.provider_id,
        current_copies.entry_number as offer_number,
        1 as preference
    from current_copies
    union all
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        0 as preference
    from history.offers
    inner join history.models as clock
        on
            offers.model_id = clock.model_id
            and offers.valid_to = clock.last_fetched_at
),

free_numbers as (
    select
        possible_numbers.model_id,
        possible_numbers.provider_id,
        possible_numbers.offer_number,
        row_number() over (
            partition by possible_numbers.model_id, possible_numbers.provider_id
            order by min(possible_numbers.preference), possible_numbers.offer_number
        ) as turn
    from possible_numbers
    left join open_copies
        on
            possible_numbers.model_id = open_copies.model_id
            and possible_numbers.provider_id = open_copies.provider_id
            and possible_numbers.offer_number = open_copies.offer_number
    where open_copies.model_id is null
    group by possible_numbers.model_id, possible_numbers.provider_id, possible_numbers.offer_number
)

select
    begun.model_id,
    begun.provider_id,
    free_numbers.offer_number,
    begun.provider_name,
    begun.status,
    begun.input_usd_per_mtok,
    begun.output_usd_per_mtok,
    clock.last_fetched_at as valid_from
from begun
inner join history.models as clock on begun.model_id = clock.model_id
inner join free_numbers
    on
        begun.model_id = free_numbers.model_id
        and begun.provider_id = free_numbers.provider_id
        and begun.turn = free_numbers.turn;

-- What was replaced in the instant in which it began was true at no time.
delete from history.offers
where valid_to <= valid_from;

comment on table history.offers is 'One row per offer and stretch of time in which it did not change';
comment on column history.offers.model_id is 'Model that the row belongs to';
comment on column history.offers.provider_id is 'Provider that sells the model';
comment on column history.offers.offer_number is 'Tells a provider''s offers for a model apart; 1 unless it was listed more than once';
comment on column history.offers.provider_name is 'Display name of the provider';
comment on column history.offers.status is 'State of the offer; `active` means it can be bought, anything else that it cannot';
comment on column history.offers.input_usd_per_mtok is 'US dollars per million input tokens; null: not published, 0: free';
comment on column history.offers.output_usd_per_mtok is 'US dollars per million output tokens; null: not published, 0: free';
comment on column history.offers.valid_from is 'Since when the row is true, inclusive (UTC): when it was first fetched';
comment on column history.offers.valid_to is 'Until when the row was true, exclusive (UTC): when it was found gone; null: still true';
