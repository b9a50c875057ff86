-- Weighted mean of an input and an output price.
-- Reads: staging.round_significant.
-- Rounding removes floating-point differences. For example, with the weights 3 and 1, the prices
-- 0.15 and 0.15 have the same weighted mean as 0.1 and 0.3.
create or replace macro staging.blended_price(input, output, input_weight, output_weight) as
    staging.round_significant(
        cast(input_weight as double) / nullif(input_weight + output_weight, 0) * input
        + cast(output_weight as double) / nullif(input_weight + output_weight, 0) * output
    );

comment on macro staging.blended_price is 'Weighted mean of an input and an output price; null if one of the prices is null';
