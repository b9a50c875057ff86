-- A model's record and last successful fetch are from different loads, or only one of them exists.
-- Severity: error
-- Reads: staging.detail_models, staging.fetches.
with
last_requests as (
    select
        model_id,
        max(requested_at) as requested_at
    from staging.fetches
    where outcome in ('loaded', 'not_modified')
    group by model_id
),

last_loaded as (
    select
        fetches.model_id,
        max(fetches.load_id) as load_id
    from staging.fetches as fetches
    inner join last_requests
        on
            fetches.model_id = last_requests.model_id
            and fetches.requested_at = last_requests.requested_at
    where fetches.outcome in ('loaded', 'not_modified')
    group by fetches.model_id
)

select
    coalesce(models.model_id, last_loaded.model_id) as model_id,
    models.load_id as model_load_id,
    last_loaded.load_id as last_loaded_load_id
from staging.detail_models as models
full join last_loaded on models.model_id = last_loaded.model_id
where
    models.model_id is null
    or last_loaded.model_id is null
    or models.load_id <> last_loaded.load_id
