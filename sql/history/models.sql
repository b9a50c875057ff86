-- When each model was first and last seen: the clock that the other history tables go by.
-- Grain: model_id.
-- Order: last_fetched_at desc, model_id.
-- Reads: staging.models.
-- `last_fetched_at` never runs backwards. Changes are dated by it, not by the record's own time, so
-- a record from an older cache or from a
-- machine whose clock is wrong can never end an interval before it began.
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
comment on column history.models.first_fetched_at is 'When the model was first fetched (UTC); what was true then is no change';
comment on column history.models.last_fetched_at is 'When the model was last fetched (UTC): the latest time seen';
