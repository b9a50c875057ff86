-- The last load.
-- Grain: one row.
-- Order: load_id.
-- Reads: staging.loads.
-- `qualify` replaces `order by … limit 1`, because DuckDB 2.0 can return no row for `limit 1` after
-- many rows of the table were deleted.
create or replace view staging.last_load as
select
    load_id,
    loaded_at
from staging.loads
qualify row_number() over (order by loaded_at desc, load_id desc) = 1;

comment on view staging.last_load is 'The last load: one row, or none before the first load';
