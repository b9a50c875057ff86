-- Changes of offers, and when each was found.
-- Grain: model_id, provider_id, offer_number, changed_at, kind. If price and status change at the
-- same time, there are two rows.
-- Order: changed_at desc, model_id, provider_id, offer_number, kind.
-- Reads: staging.transitions, marts.price_history.
-- The offers with which a model was first seen are not changes. A new provider name is not a
-- change. Percentages, direction and reversal are given only in rows of the kind `price_changed`,
-- so that a sum counts each price change once.
-- `direction` is `cut` if prices only fell, `rise` if prices only rose, and `mixed` if one price
-- fell and one rose. A change from 0 to 1 is a rise. `direction` is null if a price became known or
-- unknown.
create or replace view marts.price_changes as
with
changes as (
    select
        transitions.model_id,
        transitions.item_id as provider_id,
        transitions.item_number as offer_number,
        coalesce(new_offers.provider_name, old_offers.provider_name) as provider_name,
        transitions.changed_at,
        old_offers.status as old_status,
        new_offers.status as new_status,
        old_offers.input_usd_per_mtok as old_input,
        new_offers.input_usd_per_mtok as new_input,
        old_offers.output_usd_per_mtok as old_output,
        new_offers.output_usd_per_mtok as new_output,
        old_offers.blended_usd_per_mtok as old_blended,
        new_offers.blended_usd_per_mtok as new_blended,
        -- How often the offer was listed or delisted so far. Between two price changes with
        -- the same number, the offer was never delisted.
        sum(
            case
                when transitions.old_valid_from is null or transitions.new_valid_from is null then 1
                else 0
            end
        ) over (
            partition by transitions.model_id, transitions.item_id, transitions.item_number
            order by transitions.changed_at
        ) as listing_number,
        unnest([
            case
                when transitions.old_valid_from is null then 'listed'
                when transitions.new_valid_from is null then 'delisted'
                when
                    old_offers.input_usd_per_mtok
                    is distinct from new_offers.input_usd_per_mtok
                    or old_offers.output_usd_per_mtok
                    is distinct from new_offers.output_usd_per_mtok
                    then 'price_changed'
            end,
            case
                when
                    transitions.old_valid_from is not null
                    and transitions.new_valid_from is not null
                    and old_offers.status is distinct from new_offers.status
                    then 'status_changed'
            end
        ]) as kind
    from staging.transitions() as transitions
    left join marts.price_history as old_offers
        on
            transitions.model_id = old_offers.model_id
            and transitions.item_id = old_offers.provider_id
            and transitions.item_number = old_offers.offer_number
            and transitions.old_valid_from = old_offers.valid_from
    left join marts.price_history as new_offers
        on
            transitions.model_id = new_offers.model_id
            and transitions.item_id = new_offers.provider_id
            and transitions.item_number = new_offers.offer_number
            and transitions.new_valid_from = new_offers.valid_from
    where transitions.list = 'offers'
),

compared_changes as (
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
        kind = 'price_changed' as is_price_change,
        case
            when old_input is null and new_input is null then 0
            else sign(new_input - old_input)
        end as input_step,
        case
            when old_output is null and new_output is null then 0
            else sign(new_output - old_output)
        end as output_step,
        lag(changed_at) over change_in_listing as previous_changed_at,
        lag(old_input) over change_in_listing as earlier_input,
        lag(old_output) over change_in_listing as earlier_output
    from changes
    where kind is not null
    window change_in_listing as (
        partition by model_id, provider_id, offer_number, listing_number, kind
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
    case
        when is_price_change then 100 * (new_input - old_input) / nullif(old_input, 0)
    end as input_change_pct,
    case
        when is_price_change then 100 * (new_output - old_output) / nullif(old_output, 0)
    end as output_change_pct,
    case
        when is_price_change then 100 * (new_blended - old_blended) / nullif(old_blended, 0)
    end as blended_change_pct,
    case
        when not is_price_change then null
        when input_step * output_step < 0 then 'mixed'
        when input_step + output_step < 0 then 'cut'
        when input_step + output_step > 0 then 'rise'
    end as direction,
    is_price_change
    and coalesce(changed_at <= previous_changed_at + interval '30' day, false)
    and (new_input = earlier_input or (new_input is null and earlier_input is null)) is true
    and (
        new_output = earlier_output or (new_output is null and earlier_output is null)
    ) is true as is_reversal
from compared_changes;

comment on view marts.price_changes is 'One row per change of an offer: listed, delisted, a new price or a new status. The offers with which a model was first seen, in its record or in the catalog, are not changes';
comment on column marts.price_changes.provider_name is 'Display name of the provider after the change; for a delisted offer, before the change';
comment on column marts.price_changes.changed_at is 'When a fetch of the record or a read of the catalog found the change (UTC). The change itself may have happened at any time since the previous fetch or read';
comment on column marts.price_changes.kind is 'Kind of change: `listed`, `delisted`, `price_changed` or `status_changed`';
comment on column marts.price_changes.old_status is 'Status of the offer before the change; null if the kind is `listed`';
comment on column marts.price_changes.new_status is 'Status of the offer after the change; null if the kind is `delisted`';
comment on column marts.price_changes.old_input_usd_per_mtok is 'US dollars per million input tokens before the change; 0 if free; null if the price was not published or the offer was not listed';
comment on column marts.price_changes.new_input_usd_per_mtok is 'US dollars per million input tokens after the change; 0 if free; null if the price was not published or the offer was not listed';
comment on column marts.price_changes.old_output_usd_per_mtok is 'US dollars per million output tokens before the change; 0 if free; null if the price was not published or the offer was not listed';
comment on column marts.price_changes.new_output_usd_per_mtok is 'US dollars per million output tokens after the change; 0 if free; null if the price was not published or the offer was not listed';
comment on column marts.price_changes.old_blended_usd_per_mtok is 'Blended price before the change, (3 * input + output) / 4, in US dollars per million tokens; null if one of the two prices is null';
comment on column marts.price_changes.new_blended_usd_per_mtok is 'Blended price after the change, (3 * input + output) / 4, in US dollars per million tokens; null if one of the two prices is null';
comment on column marts.price_changes.input_change_pct is 'Change of the input price in percent of the old price, for the kind `price_changed`; null if either price is null or the old price is 0';
comment on column marts.price_changes.output_change_pct is 'Change of the output price in percent of the old price, for the kind `price_changed`; null if either price is null or the old price is 0';
comment on column marts.price_changes.blended_change_pct is 'Change of the blended price in percent of the old price, for the kind `price_changed`; null if either price is null or the old price is 0';
comment on column marts.price_changes.direction is '`cut` if a price fell and none rose, `rise` if a price rose and none fell, `mixed` if one fell and the other rose; null if a price became known or unknown, or if the kind is not `price_changed`';
comment on column marts.price_changes.is_reversal is 'True if the change undoes the offer''s previous price change, at most 30 days later: both prices return to the values before the previous change. False if the offer was delisted between the two changes';
