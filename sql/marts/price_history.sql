-- All prices of each offer, each with its period of validity.
-- Grain: model_id, provider_id, offer_number, valid_from.
-- Order: is_current desc, valid_from desc, model_id, provider_id, offer_number.
-- Reads: history.offers, staging.blended_price.
-- Every change of an offer begins a new row. A gap between two rows means that the offer did not
-- exist. Rows do not end when the model leaves the catalog: see marts.model_changes.
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
    staging.blended_price(input_usd_per_mtok, output_usd_per_mtok, 3, 1) as blended_usd_per_mtok,
    valid_from,
    valid_to,
    valid_to is null as is_current
from history.offers;

comment on view marts.price_history is 'One row per offer and period in which the offer did not change. Consecutive rows with the same prices differ in status or provider name. A price per token is not the price of an answer, because models need different numbers of tokens for the same task';
comment on column marts.price_history.provider_name is 'Display name of the provider in this period';
comment on column marts.price_history.is_available is 'True if the status is `active`, also for models that left the catalog. marts.offers.is_available is false for models that left the catalog';
comment on column marts.price_history.blended_usd_per_mtok is 'Blended price in US dollars per million tokens, three parts input to one part output: (3 * input + output) / 4; null if one of the two prices is not published';
comment on column marts.price_history.is_current is 'True if the row is still valid: the offer has neither changed nor disappeared since valid_from. The offers of a model that left the catalog stay valid';
