-- A model whose last requested record was rejected, because it violates the contract.
-- Reads: staging.fetches.
with last_fetches as (
    select
        model_id,
        outcome,
        message
    from staging.fetches
    qualify row_number() over (partition by model_id order by requested_at desc, load_id desc) = 1
)

select
    model_id,
    'last response was rejected: ' || coalesce(message, 'no reason given') as detail
from last_fetches
where outcome = 'rejected';
