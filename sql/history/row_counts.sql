-- Number of rows of each table after each load, to detect a loss of rows.
-- Grain: load_id, table_name.
-- Order: counted_at desc, load_id desc, table_name.
-- Reads: staging.fetches, staging.models, staging.offers, staging.scores, staging.modalities,
-- staging.top_scores, history.offers, history.scores.
-- The counts are stored under the id of the last load, which is the load with the latest request. A
-- second run of this file after the same load stores the same counts again.
create table if not exists history.row_counts (
    load_id varchar not null,
    table_name varchar not null,
    row_count bigint not null,
    counted_at timestamp not null
);

delete from history.row_counts
where
    load_id in (
        select load_id
        from staging.fetches
        order by
            requested_at desc,
            load_id desc
        limit 1
    );

insert into history.row_counts
with last_load as (
    select
        load_id,
        requested_at as counted_at
    from staging.fetches
    order by
        requested_at desc,
        load_id desc
    limit 1
),

counted_tables as (
    select
        'raw.models' as table_name,
        count(*) as row_count
    from staging.models
    union all
    select
        'raw.models__providers' as table_name,
        count(*) as row_count
    from staging.offers
    union all
    select
        'raw.models__scores' as table_name,
        count(*) as row_count
    from staging.scores
    union all
    select
        'raw.models__modalities' as table_name,
        count(*) as row_count
    from staging.modalities
    union all
    select
        'raw.models__top_scores' as table_name,
        count(*) as row_count
    from staging.top_scores
    union all
    select
        'raw.fetches' as table_name,
        count(*) as row_count
    from staging.fetches
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
    last_load.counted_at
from counted_tables
cross join last_load;

comment on table history.row_counts is 'One row per load and table: number of rows of the table after the load';
comment on column history.row_counts.load_id is 'Id of the load after which the rows were counted';
comment on column history.row_counts.table_name is 'Name of the table with its schema, such as `raw.models`';
comment on column history.row_counts.row_count is 'Number of rows of the table after the load';
comment on column history.row_counts.counted_at is 'When the last response of the load arrived (UTC)';
