-- When the catalog last listed each model, how old its record is, and how the last attempts to
-- fetch the record went.
-- Grain: model_id. A model that was requested but never loaded has a row too.
-- Order: consecutive_failures desc, fetched_at nulls first, model_id.
-- Reads: staging.fetches, staging.models, staging.listed_models.
-- A fetch with the outcome `deferred` is not an attempt, because no request was sent. A deferred
-- fetch neither starts nor ends a series of failures. For a cached response, `fetched_at` is
-- earlier than `last_attempted_at`.
create or replace view marts.freshness as
with last_loaded as (
    select
        model_id,
        max(requested_at) as requested_at
    from staging.fetches
    where outcome in ('loaded', 'not_modified')
    group by model_id
),

-- The last successful attempt of each model and all later attempts. A model that was never loaded
-- has all its attempts. Earlier attempts are left out for speed.
attempts_since_load as (
    select
        attempts.model_id,
        attempts.requested_at,
        attempts.outcome,
        row_number() over newest_first as attempt_number,
        sum(
            case when attempts.outcome in ('loaded', 'not_modified') then 1 else 0 end
        ) over newest_first as loads_since
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

last_attempts as (
    select
        model_id,
        max(requested_at) as last_attempted_at,
        max(case when attempt_number = 1 then outcome end) as last_outcome,
        sum(case when loads_since = 0 then 1 else 0 end) as consecutive_failures
    from attempts_since_load
    group by model_id
),

all_models as (
    select model_id from staging.models
    union
    select model_id from staging.fetches
)

select
    all_models.model_id,
    models.fetched_at,
    cast(
        extract(
            epoch from cast(now() at time zone 'UTC' as timestamp) - models.fetched_at
        ) as double
    ) / 3600 as age_hours,
    listed_models.listed_at,
    models.upstream_updated_at,
    last_attempts.last_outcome,
    last_attempts.last_attempted_at,
    cast(coalesce(last_attempts.consecutive_failures, 0) as bigint) as consecutive_failures
from all_models
left join staging.models as models on all_models.model_id = models.model_id
left join staging.listed_models as listed_models
    on all_models.model_id = listed_models.model_id
left join last_attempts on all_models.model_id = last_attempts.model_id;

comment on view marts.freshness is 'One row per model ever seen or requested: when the catalog last listed it, how old its record is, and how the last attempts to fetch the record went';
comment on column marts.freshness.fetched_at is 'When the record was fetched, or last found unchanged (UTC); null if the record was never fetched';
comment on column marts.freshness.age_hours is 'Hours from `fetched_at` to the time of the query; null if the record was never fetched';
comment on column marts.freshness.listed_at is 'Start of the last trusted read of the catalog that listed the model (UTC); null if no trusted read listed the model';
comment on column marts.freshness.upstream_updated_at is 'When the record was last changed upstream (UTC); null if it is unknown, or if the model was never seen';
comment on column marts.freshness.last_outcome is 'Outcome of the last attempt: `loaded`, `not_modified`, `not_found`, `rejected` or `failed`; null if there was no attempt yet';
comment on column marts.freshness.last_attempted_at is 'When the last attempt ended (UTC); null if there was no attempt yet';
comment on column marts.freshness.consecutive_failures is 'Number of attempts with the outcome `not_found`, `rejected` or `failed` since the record was last loaded or found unchanged; 0 if the last attempt succeeded, or if there was no attempt';
