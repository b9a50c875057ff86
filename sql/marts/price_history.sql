-- Every price an offer has had, and from when to when.
-- Grain: model_id, provider_id, offer_number, valid_from.
-- Reads: history.offers.
-- A new row begins with any change. Where it does not begin when the one before it ended, the offer was not listed in between.
create or replace view marts.price_history as
select
    model_id,
    provider_id,
    offer_number,
    provider_name,
    status,
    status = 'active' as is_available,
    input_usd_per_mtok,
    output_usd_per_mtok,
    -- rounded to ten decimals, so that prices which are equal on paper tie; a price too large or too small for that stays as it is
    case
        when 3 * input_usd_per_mtok + output_usd_per_mtok between 0.01 and 1e13
            then cast(cast(3 * input_usd_per_mtok + output_usd_per_mtok as decimal(24, 10)) as double) / 4
        else 0.75 * input_usd_per_mtok + 0.25 * output_usd_per_mtok
    end as blended_usd_per_mtok,
    valid_from,
    valid_to,
    valid_to is null as is_current
from history.offers;

comment on view marts.price_history is 'One row per offer and stretch of time in which it did not change. Neighbours with the same prices differ in status or name';
comment on column marts.price_history.model_id is 'Model that the row belongs to';
comment on column marts.price_history.provider_id is 'Provider that sells the model';
comment on column marts.price_history.offer_number is 'Tells a provider''s offers for a model apart; 1 unless it was listed more than once';
comment on column marts.price_history.provider_name is 'Display name of the provider at that time';
comment on column marts.price_history.status is 'State of the offer; `active` means it can be bought, anything else that it cannot';
comment on column marts.price_history.is_available is 'True if the status is `active`: the offer could be bought';
comment on column marts.price_history.input_usd_per_mtok is 'US dollars per million input tokens; null: not published, 0: free';
comment on column marts.price_history.output_usd_per_mtok is 'US dollars per million output tokens; null: not published, 0: free';
comment on column marts.price_history.blended_usd_per_mtok is '(3 * input + output) / 4, US dollars per million tokens; null if either price is null';
comment on column marts.price_history.valid_from is 'Since when the row is true, inclusive (UTC): when it was first fetched';
comment on column marts.price_history.valid_to is 'Until when the row was true, exclusive (UTC): when it was found gone; null: still true';
comment on column marts.price_history.is_current is 'True if the row is still true';
