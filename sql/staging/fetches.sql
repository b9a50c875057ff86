-- Outcome of the request for each model in each run.
-- Grain: load_id, model_id.
-- Order: requested_at desc, load_id desc, model_id.
-- Reads: raw.fetches.
create or replace view staging.fetches as
select
    cast(_dlt_load_id as varchar) as load_id,
    cast(model_id as varchar) as model_id,
    cast(requested_at as timestamp) as requested_at,
    cast(outcome as varchar) as outcome,
    cast(http_status as bigint) as http_status,
    cast(error_code as varchar) as error_code,
    cast(is_listed as boolean) as is_listed,
    cast(message as varchar) as message,
    cast(attempts as bigint) as attempts,
    cast(elapsed_ms as bigint) as elapsed_ms
from raw.fetches;

comment on view staging.fetches is 'One row per requested model and run: the outcome of the request';
comment on column staging.fetches.load_id is 'Id of the load that wrote the row';
