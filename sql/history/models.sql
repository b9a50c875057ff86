-- When each model was first and last fetched. The other history tables use these times.
-- Grain: model_id.
-- Order: last_fetched_at desc, model_id.
-- Reads: staging.models.
-- The fetch time of a record can be too early, because of an outdated cache or a wrong clock. A
-- period that ends at this time could end before it began. Therefore changes get the time
-- `last_fetched_at`, which never decreases.
create table if not exists history.models (
    model_id varchar not null,
    first_fetched_at timestamp not null,
    last_fetched_at timestamp not null
);

update history.models
set last_fetched_at = seen.fetched_at
from staging.models as seen
where
    models.model_id = seen.model_id
    and models.last_fetched_at < seen.fetched_at;

insert into history.models (model_id, first_fetched_at, last_fetched_at)
select
    seen.model_id,
    seen.fetched_at as first_fetched_at,
    seen.fetched_at as last_fetched_at
from staging.models as seen
left join history.models as known on seen.model_id = known.model_id
where known.model_id is null;

comment on table history.models is 'One row per model ever loaded: when it was first and last fetched';
comment on column history.models.first_fetched_at is 'When the model was first fetched (UTC); the offers and scores found then do not count as changes';
comment on column history.models.last_fetched_at is 'When the model was last fetched (UTC); never decreases';
