-- True for the most frequent label of a group; of equally frequent ones, for the first in
-- alphabetical order.
-- Reads: nothing.
-- For `qualify`, in a query that is grouped by group and label.
create or replace macro staging.is_most_common(group_id, label) as
    row_number() over (partition by group_id order by count(*) desc, label) = 1;

comment on macro staging.is_most_common is 'True for the most frequent label of a group; of equally frequent ones, for the first in alphabetical order';
