-- Number of rows of each table after each load, to detect a loss of rows.
-- Grain: load_id, table_name.
-- Order: counted_at desc, load_id desc, table_name.
-- Reads: staging.last_load, staging.detail_models, staging.detail_offers, staging.scores,
-- staging.detail_modalities, staging.detail_top_scores, staging.catalog_models,
-- staging.catalog_offers, staging.catalog_modalities, staging.catalog_top_scores,
-- staging.catalog_reads, staging.fetches, history.listings, history.offers, history.scores.
-- The counts are stored under the id of the last load. A second run of this file after the same
-- load changes nothing.
create table if not exists history.row_counts (
    load_id varchar not null,
    table_name varchar not null,
    row_count bigint not null,
    counted_at timestamp not null
);

insert into history.row_counts
with counted_tables as (
    select
        'raw.models' as table_name,
        count(*) as row_count
    from staging.detail_models
    union all
    select
        'raw.models__providers' as table_name,
        count(*) as row_count
    from staging.detail_offers
    union all
    select
        'raw.models__scores' as table_name,
        count(*) as row_count
    from staging.scores
    union all
    select
        'raw.models__modalities' as table_name,
        count(*) as row_count
    from staging.detail_modalities
    union all
    select
        'raw.models__top_scores' as table_name,
        count(*) as row_count
    from staging.detail_top_scores
    union all
    select
        'raw.catalog_models' as table_name,
        count(*) as row_count
    from staging.catalog_models
    union all
    select
        'raw.catalog_models__providers' as table_name,
        count(*) as row_count
    from staging.catalog_offers
    union all
    select
        'raw.catalog_models__modalities' as table_name,
        count(*) as row_count
    from staging.catalog_modalities
    union all
    select
        'raw.catalog_models__top_scores' as table_name,
        count(*) as row_count
    from staging.catalog_top_scores
    union all
    select
        'raw.catalog_reads' as table_name,
        count(*) as row_count
    from staging.catalog_reads
    union all
    select
        'raw.fetches' as table_name,
        count(*) as row_count
    from staging.fetches
    union all
    select
        'history.listings' as table_name,
        count(*) as row_count
    from history.listings
    union all
    select
        'history.offers' as table_name,
        count(*) as row_count
    from history.offers
    union all
    select
        'history.scores' as table_name,
        count(*) as row_count
    from history.scores
)

select
    last_load.load_id,
    counted_tables.table_name,
    counted_tables.row_count,
    last_load.loaded_at as counted_at
from counted_tables
cross join staging.last_load
where not exists (
    select 1
    from history.row_counts as row_counts
    where row_counts.load_id = last_load.load_id
);

comment on table history.row_counts is 'One row per load and table: number of rows of the table after the load';
comment on column history.row_counts.load_id is 'Id of the load after which the rows were counted';
comment on column history.row_counts.table_name is 'Name of the table with its schema, such as `raw.models`';
comment on column history.row_counts.row_count is 'Number of rows of the table after the load';
comment on column history.row_counts.counted_at is 'When the load was completed (UTC)';
