-- A number rounded to 12 significant digits; minus zero becomes zero.
-- Reads: nothing.
-- For example, 0.19999999999999998 becomes 0.2. Numbers outside 1e-11 to 1e33 are not rounded,
-- because the required power of ten is not exact. The first branch is a fast path for numbers with
-- at most six decimals, such as nearly all prices and scores.
create or replace macro staging.round_significant(number) as
    case
        when abs(number) < 1e6 and round(number * cast(1e6 as double)) / 1e6 = number
            then cast(number as double)
        when abs(number) between 1e-11 and 1e33
            then
                round(
                    cast(number as double),
                    11 - cast(floor(log10(nullif(abs(number), 0))) as integer)
                )
        else cast(number as double)
    end + 0.0;

comment on macro staging.round_significant is 'A number rounded to 12 significant digits; minus zero becomes zero';
