-- The models of the warehouse that the last trusted read of the catalog did not list.
-- Grain: model_id.
-- Order: model_id.
-- Reads: raw.catalog_missing.
create or replace view staging.catalog_missing as
select
    cast(model_id as varchar) as model_id,
    cast(_dlt_load_id as varchar) as load_id
from raw.catalog_missing;

comment on view staging.catalog_missing is 'One row per model of the warehouse that the last trusted read of the catalog did not list';
comment on column staging.catalog_missing.load_id is 'Id of the load that wrote the row';
