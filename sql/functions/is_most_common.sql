-- True for the most frequent label of a group. In a tie, true only for the first label in
-- alphabetical order.
-- Reads: nothing.
-- Use the macro in a query with `group by group_id, label`, for example in the `qualify` clause.
create or replace macro staging.is_most_common(group_id, label) as
    row_number() over (partition by group_id order by count(*) desc, label) = 1;

comment on macro staging.is_most_common is 'True for the most frequent label of a group. In a tie, true only for the first label in alphabetical order';
