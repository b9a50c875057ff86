-- A time as a UTC timestamp without a zone. A time without an offset is taken as UTC.
-- Reads: nothing.
-- Timestamps with a time zone, such as now(), and strings with an offset are converted. A zone name
-- in a string is ignored: `2026-11-01 12:00 Europe/Paris` becomes 12:00 UTC.
create or replace macro staging.to_utc(moment) as
    case
        when
            typeof(moment) in ('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS')
            or regexp_matches(cast(moment as varchar), ':.*([+-][0-9:]+|Z)$')
            then cast(moment as timestamptz) at time zone 'UTC'
        else cast(moment as timestamp)
    end;

comment on macro staging.to_utc is 'A time as a UTC timestamp without a zone; a time without an offset is taken as UTC';
