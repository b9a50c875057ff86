-- How old what we know of each model is, and how the last attempts to renew it went.
-- Grain: model_id. A model that was asked for and never loaded has a row too.
-- Order: consecutive_failures desc, fetched_at nulls first, model_id.
-- Reads: staging.fetches, staging.models.
-- `deferred` means that nobody asked (the budget was spent), so it is no outcome here and neither
-- makes nor ends a row of failures.
-- `age_hours` grows from query to query. It counts from when the record was fetched, which for an
-- answer from the cache lies before
-- `last_attempted_at`.
create or replace view marts.freshness as
with last_loaded as (
    select
        model_id,
        max(requested_at) as requested_at
    from staging.fetches
    where outcome = 'loaded'
    group by model_id
),

-- All before it is of no account here, and nearly all there is after years of runs.
since as (
    select
        attempts.model_id,
        attempts.requested_at,
        attempts.outcome,
        row_number() over newest_first as attempt_number,
        sum(case when attempts.outcome = 'loaded' then 1 else 0 end) over newest_first as loads_since
    from staging.fetches as attempts
    left join last_loaded on attempts.model_id = last_loaded.model_id
    where
        attempts.outcome <> 'deferred'
        and (last_loaded.requested_at is null or attempts.requested_at >= last_loaded.requested_at)
    window newest_first as (
        partition by attempts.model_id
        order by attempts.requested_at desc, attempts.load_id desc
        rows between unbounded preceding and current row
    )
),

asked as (
    select
        model_id,
        max(requested_at) as last_attempted_at,
        max(case when attempt_number = 1 then outcome end) as last_outcome,
        sum(case when loads_since = 0 then 1 else 0 end) as consecutive_failures
    from since
    group by model_id
),

known as (
    select model_id from staging.models
    union
    select model_id from staging.fetches
)

select
    known.model_id,
    models.fetched_at,
    cast(extract(epoch from cast(now() at time zone 'UTC' as timestamp) - models.fetched_at) as double) / 3600 as age_hours,
    models.upstream_updated_at,
    asked.last_outcome,
    asked.last_attempted_at,
    cast(coalesce(asked.consecutive_failures, 0) as bigint) as consecutive_failures
from known
left join staging.models as models on known.model_id = models.model_id
left join asked on known.model_id = asked.model_id;

comment on view marts.freshness is 'One row per model ever asked for: how old its record is, and how the last attempts to renew it went';
comment on column marts.freshness.fetched_at is 'When the record was fetched (UTC); null: never loaded';
comment on column marts.freshness.age_hours is 'Hours from then to the moment of the query; null: never loaded';
comment on column marts.freshness.upstream_updated_at is 'When the record was last changed upstream (UTC); null: never loaded';
comment on column marts.freshness.last_outcome is '`loaded`, `not_found`, `rejected` or `failed`: how the last attempt went; null: never asked for yet';
comment on column marts.freshness.last_attempted_at is 'When the last attempt ended (UTC); null: never asked for yet';
comment on column marts.freshness.consecutive_failures is 'Attempts in a row, up to the last, that did not load: 0 if the last one did';
