-- A number as text, without the trailing `.0` that only some engines add.
-- Reads: nothing.
create or replace macro staging.number_text(number) as
    regexp_replace(cast(number as varchar), '\.0$', '');

comment on macro staging.number_text is 'A number as text, without a trailing `.0`';
