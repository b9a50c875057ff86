-- Every load. A published run has at most one load.
-- Grain: load_id.
-- Order: loaded_at desc, load_id desc.
-- Reads: raw._dlt_loads.
create or replace view staging.loads as
select
    cast(load_id as varchar) as load_id,
    cast(inserted_at as timestamp) as loaded_at
from raw._dlt_loads;

comment on view staging.loads is 'One row per load: its id and time';
comment on column staging.loads.load_id is 'Id of the load';
comment on column staging.loads.loaded_at is 'When the load was completed (UTC)';
