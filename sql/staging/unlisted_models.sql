-- Models that left the catalog.
-- Grain: model_id.
-- Order: model_id.
-- Reads: history.listings.
create or replace view staging.unlisted_models as
select model_id
from history.listings
where
    valid_to is null
    and not is_listed;

comment on view staging.unlisted_models is 'One row per model that left the catalog';
