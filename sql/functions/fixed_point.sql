-- A number in units of 1e-12, rounded to a whole number. Sums of whole numbers do not depend on the
-- order of the rows, and every engine computes them without rounding.
-- Reads: nothing.
create or replace macro staging.fixed_point(number) as
    (cast(floor(number * cast(1e12 as double) + cast(0.5 as double)) as bigint));

comment on macro staging.fixed_point is 'A number in units of 1e-12, rounded to a whole number, for exact sums';
