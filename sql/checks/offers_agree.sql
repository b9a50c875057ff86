-- The current offers of a model differ between the marts, the history and the record or summary.
-- Severity: error
-- Reads: staging.offers, history.offers, marts.offers.
with
counted_offers as (
    select
        model_id,
        provider_id,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        1 as in_record,
        0 as in_history,
        0 as in_marts
    from staging.offers
    union all
    select
        model_id,
        provider_id,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        0 as in_record,
        1 as in_history,
        0 as in_marts
    from history.offers
    where valid_to is null
    union all
    select
        model_id,
        provider_id,
        provider_name,
        status,
        input_usd_per_mtok,
        output_usd_per_mtok,
        0 as in_record,
        0 as in_history,
        1 as in_marts
    from marts.offers
)

select
    model_id,
    provider_id,
    provider_name,
    status,
    input_usd_per_mtok,
    output_usd_per_mtok,
    sum(in_record) as in_record,
    sum(in_history) as in_history,
    sum(in_marts) as in_marts
from counted_offers
group by
    model_id,
    provider_id,
    provider_name,
    status,
    input_usd_per_mtok,
    output_usd_per_mtok
having
    sum(in_record) <> sum(in_history)
    or sum(in_record) <> sum(in_marts)
