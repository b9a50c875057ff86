-- What was loaded is not what arrived: a model is not from the load that last fetched it, or was never fetched.
-- Severity: error
-- Reads: staging.models, staging.fetches.
with
last_loaded as (
    select
        model_id,
        load_id
    from staging.fetches
    where outcome = 'loaded'
    qualify row_number() over (partition by model_id order by requested_at desc, load_id desc) = 1
)

select
    coalesce(models.model_id, last_loaded.model_id) as model_id,
    models.load_id as model_load_id,
    last_loaded.load_id as last_loaded_load_id
from staging.models as models
full join last_loaded on models.model_id = last_loaded.model_id
where
    models.model_id is null
    or last_loaded.model_id is null
    or models.load_id <> last_loaded.load_id
