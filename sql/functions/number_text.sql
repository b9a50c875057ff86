-- A number as text, without `.0`, because engines differ in whether they add it.
-- Reads: nothing.
create or replace macro staging.number_text(number) as
    regexp_replace(cast(number as varchar), '\.0$', '');

comment on macro staging.number_text is 'A number as text, without `.0`';
