-- What became of each model asked for, run by run.
-- Grain: load_id, model_id.
-- Reads: raw.fetches.
create or replace view staging.fetches as
select
    cast(_dlt_load_id as varchar) as load_id,
    cast(model_id as varchar) as model_id,
    cast(requested_at as timestamp) as requested_at,
    cast(outcome as varchar) as outcome,
    cast(http_status as bigint) as http_status,
    cast(error_code as varchar) as error_code,
    cast(message as varchar) as message,
    cast(attempts as bigint) as attempts,
    cast(elapsed_ms as bigint) as elapsed_ms
from raw.fetches;

comment on view staging.fetches is 'One row per model asked for and run: what became of it';
comment on column staging.fetches.load_id is 'Load that wrote the row';
comment on column staging.fetches.model_id is 'Model asked for';
comment on column staging.fetches.requested_at is 'When the answer arrived, or when it was decided not to ask (UTC)';
comment on column staging.fetches.outcome is '`loaded`, `not_found`, `rejected` (answered, but the record breaks the contract), `failed`, or `deferred` (not asked: budget or quota spent, or the run was stopped)';
comment on column staging.fetches.http_status is 'HTTP status of the last answer; null: no answer';
comment on column staging.fetches.error_code is 'The API''s own error code; null: none given';
comment on column staging.fetches.message is 'What went wrong, in words; null: nothing';
comment on column staging.fetches.attempts is 'Requests sent for this id in this run, retries included; 0: none, or answered from the cache';
comment on column staging.fetches.elapsed_ms is 'Milliseconds from the first request to the outcome, waiting included';
