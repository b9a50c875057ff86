-- The offers that were valid at a time: `from marts.prices_as_of('2026-11-01')`.
-- Grain: model_id, provider_id, offer_number.
-- Reads: marts.price_history, history.listings, staging.to_utc.
-- staging.to_utc describes how a time with a zone is interpreted.
create or replace macro marts.prices_as_of(moment) as table
select
    offers.model_id,
    offers.provider_id,
    offers.offer_number,
    offers.provider_name,
    offers.status,
    offers.is_available and coalesce(listings.is_listed, true) as is_available,
    offers.input_usd_per_mtok,
    offers.output_usd_per_mtok,
    offers.blended_usd_per_mtok,
    offers.valid_from,
    offers.valid_to
from marts.price_history as offers
left join history.listings as listings
    on
        offers.model_id = listings.model_id
        and listings.valid_from <= staging.to_utc(moment)
        and (listings.valid_to > staging.to_utc(moment) or listings.valid_to is null)
where
    offers.valid_from <= staging.to_utc(moment)
    and (offers.valid_to > staging.to_utc(moment) or offers.valid_to is null);

comment on macro table marts.prices_as_of is 'The offers that were valid at `moment`, with their prices in US dollars per million tokens. Each change applies from the time at which a run found it; a model first loaded after `moment` has no rows. `is_available` is false if the status was not `active` or if the model had left the catalog. A `moment` without an offset is in UTC. An offset, as in `2026-11-01 12:00+09:00`, is applied. A date means the start of that day. In an attached database, run `use <its name>` first';
