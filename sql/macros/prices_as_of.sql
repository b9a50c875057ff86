-- The offers that were true at a moment: `from marts.prices_as_of('2026-11-01')`.
-- Grain: model_id, provider_id, offer_number.
-- Reads: marts.price_history.
-- A value with a time zone, such as now(), is converted, and so is a text with an offset; the name of a zone in a text is ignored.
create or replace macro marts.prices_as_of(moment) as table
with asked as (
    select
        case
            when
                typeof(moment) in ('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS')
                or regexp_matches(cast(moment as varchar), ':.*([+-][0-9:]+|Z)$')
                then cast(moment as timestamptz) at time zone 'UTC'
            else cast(moment as timestamp)
        end as moment_at
)

select
    offers.model_id,
    offers.provider_id,
    offers.offer_number,
    offers.provider_name,
    offers.status,
    offers.is_available,
    offers.input_usd_per_mtok,
    offers.output_usd_per_mtok,
    offers.blended_usd_per_mtok,
    offers.valid_from,
    offers.valid_to
from marts.price_history as offers
inner join asked
    on
        offers.valid_from <= asked.moment_at
        and (offers.valid_to > asked.moment_at or offers.valid_to is null);

comment on macro table marts.prices_as_of is 'The offers that were true at a moment, with their prices in US dollars per million tokens. `moment` is UTC unless it carries an offset, such as now() or `2026-11-01 12:00+09:00`; a date is the midnight at which it begins. What a model offers is what it did when last fetched before then; nothing is known of the time before its first load';
