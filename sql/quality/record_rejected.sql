-- A model whose last response was rejected, because the record violates the contract.
-- Reads: staging.fetches.
-- A deferred fetch is left out, because no response arrived.
with last_fetches as (
    select
        model_id,
        outcome,
        message
    from staging.fetches
    where outcome <> 'deferred'
    qualify row_number() over (partition by model_id order by requested_at desc, load_id desc) = 1
)

select
    model_id,
    'last response was rejected: ' || coalesce(message, 'no reason given') as detail
from last_fetches
where outcome = 'rejected';
