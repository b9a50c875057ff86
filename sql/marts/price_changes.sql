-- What changed in the offers, and when it was found.
-- Grain: model_id, provider_id, offer_number, changed_at, kind. When price and status change at once there are two rows.
-- Reads: history.models, marts.price_history.
-- A provider that comes after the first load, or comes back, is `listed`. Its new name is in the history but is no kind of change.
-- Percentages, direction and reversal are said of `price_changed` alone: on `status_changed` too they would count twice. The change itself
-- happened at some time between `changed_at` and the fetch before it.
-- direction: `cut` if one price fell and none rose, `rise` if one rose and none fell, `mixed` if one rose and the other fell. 0 is a price
-- like any other, so from 0 to 1 is a rise. If one of the two became known or unknown there is no telling, and direction is null.
create or replace view marts.price_changes as
with versions as (
    select
        offers.model_id,
        offers.provider_id,
        offers.offer_number,
        offers.provider_name,
        offers.status,
        offers.input_usd_per_mtok,
        offers.output_usd_per_mtok,
        offers.blended_usd_per_mtok,
        offers.valid_from,
        offers.valid_to,
        models.first_fetched_at
    from marts.price_history as offers
    inner join history.models as models on offers.model_id = models.model_id
),

neighbours as (
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        blended_usd_per_mtok,
        valid_from,
        valid_to,
        first_fetched_at,
        lag(status) over offer_in_time as previous_status,
        lag(input_usd_per_mtok) over offer_in_time as previous_input,
        lag(output_usd_per_mtok) over offer_in_time as previous_output,
        lag(blended_usd_per_mtok) over offer_in_time as previous_blended,
        coalesce(lag(valid_to) over offer_in_time = valid_from, false) as has_previous,
        coalesce(lead(valid_from) over offer_in_time = valid_to, false) as has_next
    from versions
    window offer_in_time as (
        partition by model_id, provider_id, offer_number
        order by valid_from
    )
),

transitions as (
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        valid_from as changed_at,
        has_previous as was_listed,
        true as is_listed,
        case when has_previous then previous_status end as old_status,
        status as new_status,
        case when has_previous then previous_input end as old_input,
        input_usd_per_mtok as new_input,
        case when has_previous then previous_output end as old_output,
        output_usd_per_mtok as new_output,
        case when has_previous then previous_blended end as old_blended,
        blended_usd_per_mtok as new_blended
    from neighbours
    where valid_from > first_fetched_at
    union all
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        valid_to as changed_at,
        true as was_listed,
        false as is_listed,
        status as old_status,
        null as new_status,
        input_usd_per_mtok as old_input,
        null as new_input,
        output_usd_per_mtok as old_output,
        null as new_output,
        blended_usd_per_mtok as old_blended,
        null as new_blended
    from neighbours
    where valid_to is not null and not has_next
),

changes as (
    select
        transitions.model_id,
        transitions.provider_id,
        transitions.offer_number,
        transitions.provider_name,
        transitions.changed_at,
        kinds.kind,
        transitions.old_status,
        transitions.new_status,
        transitions.old_input,
        transitions.new_input,
        transitions.old_output,
        transitions.new_output,
        transitions.old_blended,
        transitions.new_blended,
        kinds.kind = 'price_changed' as is_price_change,
        -- The listing that a change belongs to: how often the offer has come and gone before.
        sum(case when kinds.kind in ('listed', 'delisted') then 1 else 0 end) over (
            partition by transitions.model_id, transitions.provider_id, transitions.offer_number
            order by transitions.changed_at
        ) as listing_no
    from transitions
    inner join (values ('listed'), ('delisted'), ('price_changed'), ('status_changed')) as kinds (kind)
        on
            case kinds.kind
                when 'listed' then not transitions.was_listed
                when 'delisted' then not transitions.is_listed
                when 'status_changed'
                    then
                        transitions.was_listed
                        and transitions.is_listed
                        and transitions.old_status is distinct from transitions.new_status
                when 'price_changed'
                    then
                        transitions.was_listed
                        and transitions.is_listed
                        and (
                            transitions.old_input is distinct from transitions.new_input
                            or transitions.old_output is distinct from transitions.new_output
                        )
            end
),

compared as (
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        changed_at,
        kind,
        old_status,
        new_status,
        old_input,
        new_input,
        old_output,
        new_output,
        old_blended,
        new_blended,
        is_price_change,
        case when old_input is null and new_input is null then 0 else sign(new_input - old_input) end as input_step,
        case when old_output is null and new_output is null then 0 else sign(new_output - old_output) end as output_step,
        lag(changed_at) over change_in_listing as change_before_at,
        lag(old_input) over change_in_listing as input_before_that,
        lag(old_output) over change_in_listing as output_before_that
    from changes
    window change_in_listing as (
        partition by model_id, provider_id, offer_number, listing_no, kind
        order by changed_at
    )
)

select
    model_id,
    provider_id,
    offer_number,
    provider_name,
    changed_at,
    kind,
    old_status,
    new_status,
    old_input as old_input_usd_per_mtok,
    new_input as new_input_usd_per_mtok,
    old_output as old_output_usd_per_mtok,
    new_output as new_output_usd_per_mtok,
    old_blended as old_blended_usd_per_mtok,
    new_blended as new_blended_usd_per_mtok,
    case when is_price_change then 100 * (new_input - old_input) / nullif(old_input, 0) end as input_change_pct,
    case when is_price_change then 100 * (new_output - old_output) / nullif(old_output, 0) end as output_change_pct,
    case when is_price_change then 100 * (new_blended - old_blended) / nullif(old_blended, 0) end as blended_change_pct,
    case
        when not is_price_change then null
        when input_step * output_step < 0 then 'mixed'
        when input_step + output_step < 0 then 'cut'
        when input_step + output_step > 0 then 'rise'
    end as direction,
    is_price_change
    and coalesce(changed_at <= change_before_at + interval '30' day, false)
    and (new_input = input_before_that or (new_input is null and input_before_that is null)) is true
    and (new_output = output_before_that or (new_output is null and output_before_that is null)) is true as is_reversal
from compared;

comment on view marts.price_changes is 'One row per change of an offer since its model was first loaded: listed, delisted, another price, another status. What a model offers when it is first loaded is no change';
comment on column marts.price_changes.provider_name is 'Display name of the provider after the change, or before it went';
comment on column marts.price_changes.changed_at is 'When the change was found (UTC); it happened since the fetch before';
comment on column marts.price_changes.kind is '`listed`, `delisted`, `price_changed` or `status_changed`';
comment on column marts.price_changes.old_status is 'State of the offer before; null: it was not listed';
comment on column marts.price_changes.new_status is 'State of the offer after; null: it is no longer listed';
comment on column marts.price_changes.old_input_usd_per_mtok is 'US dollars per million input tokens before; null: not published or not listed, 0: free';
comment on column marts.price_changes.new_input_usd_per_mtok is 'US dollars per million input tokens after; null: not published or not listed, 0: free';
comment on column marts.price_changes.old_output_usd_per_mtok is 'US dollars per million output tokens before; null: not published or not listed, 0: free';
comment on column marts.price_changes.new_output_usd_per_mtok is 'US dollars per million output tokens after; null: not published or not listed, 0: free';
comment on column marts.price_changes.old_blended_usd_per_mtok is '(3 * input + output) / 4 before, US dollars per million tokens; null if either price is null';
comment on column marts.price_changes.new_blended_usd_per_mtok is '(3 * input + output) / 4 after, US dollars per million tokens; null if either price is null';
comment on column marts.price_changes.input_change_pct is 'Change of the input price in percent of the old; null: old is null or 0, new is null, or no `price_changed`';
comment on column marts.price_changes.output_change_pct is 'Change of the output price in percent of the old; null: old is null or 0, new is null, or no `price_changed`';
comment on column marts.price_changes.blended_change_pct is 'Change of the blended price in percent of the old; null: old is null or 0, new is null, or no `price_changed`';
comment on column marts.price_changes.direction is '`cut`, `rise`, or `mixed` if one price fell and the other rose; null: a price became known or unknown, or no `price_changed`';
comment on column marts.price_changes.is_reversal is 'True if both prices are again what they were before the previous change, at most 30 days ago, of the same listing';
