-- Every read of the catalog.
-- Grain: load_id.
-- Order: read_at desc, load_id desc.
-- Reads: raw.catalog_reads.
create or replace view staging.catalog_reads as
select
    cast(_dlt_load_id as varchar) as load_id,
    cast(read_at as timestamp) as read_at,
    cast(pages as bigint) as page_count,
    cast(models as bigint) as model_count,
    cast(total as bigint) as total_count,
    cast(is_complete as boolean) as is_complete,
    cast(is_trusted as boolean) as is_trusted
from raw.catalog_reads;

comment on view staging.catalog_reads is 'One row per read of the catalog: its size, and whether it was complete';
comment on column staging.catalog_reads.load_id is 'Id of the load that wrote the row';
comment on column staging.catalog_reads.page_count is 'Number of pages that arrived';
comment on column staging.catalog_reads.model_count is 'Number of distinct model ids in the pages that arrived';
comment on column staging.catalog_reads.total_count is 'Number of models according to the API; null if the API sent no number';
comment on column staging.catalog_reads.is_complete is 'True if the last page arrived, every entry has an id, and `model_count` equals `total_count`';
