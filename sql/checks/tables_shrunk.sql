-- A table lost more than a fifth of its rows, and more than ten, since the previous load.
-- Severity: error
-- Reads: history.row_counts.
-- A loss of up to ten rows is accepted, because upstream may empty a list in one record. In a small
-- warehouse, one list can be a fifth of the rows.
with
compared_counts as (
    select
        load_id,
        table_name,
        row_count,
        lag(row_count) over in_time as row_count_before,
        lead(load_id) over in_time as next_load_id
    from history.row_counts
    window in_time as (partition by table_name order by counted_at, load_id)
)

select
    load_id,
    table_name,
    row_count_before,
    row_count
from compared_counts
where
    next_load_id is null
    and row_count < 0.8 * row_count_before
    and row_count < row_count_before - 10
