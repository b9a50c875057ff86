-- Whether a label is the most common one of its group; of several, the first by alphabet.
-- Reads: nothing.
-- For `qualify`, in a query that is grouped by the group and the label.
create or replace macro staging.is_most_common(group_id, label) as
    row_number() over (partition by group_id order by count(*) desc, label) = 1;

comment on macro staging.is_most_common is 'True for the label that most rows of a group have, then the first by alphabet';
