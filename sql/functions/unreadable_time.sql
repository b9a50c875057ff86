-- The text of an unreadable `scored_at`: empty if the score has no time, null if the time is
-- readable.
-- Reads: nothing.
create or replace macro staging.unreadable_time(scored_at, unreadable) as
    case when scored_at is null then coalesce(unreadable ->> 'scored_at', '') end;

comment on macro staging.unreadable_time is 'Text of an unreadable `scored_at`: empty if the score has no time, null if the time is readable';
