-- The summaries that violate the contract, in the pages of the last read of the catalog.
-- Grain: model_id.
-- Order: model_id.
-- Reads: raw.catalog_rejected.
create or replace view staging.catalog_rejected as
select
    cast(model_id as varchar) as model_id,
    cast(message as varchar) as message,
    cast(_dlt_load_id as varchar) as load_id
from raw.catalog_rejected;

comment on view staging.catalog_rejected is 'One row per summary that violates the contract, in the pages of the last read of the catalog';
comment on column staging.catalog_rejected.message is 'The first invalid field, and why it is invalid';
comment on column staging.catalog_rejected.load_id is 'Id of the load that wrote the row';
