-- Weighted mean of an input and an output price.
-- Reads: staging.round_significant.
-- The result is rounded, so that mathematically equal prices tie, such as those of 0.15 input and
-- 0.15 output, and of 0.1 input and 0.3 output.
create or replace macro staging.blended_price(input, output, input_weight, output_weight) as
    staging.round_significant(
        cast(input_weight as double) / nullif(input_weight + output_weight, 0) * input
        + cast(output_weight as double) / nullif(input_weight + output_weight, 0) * output
    );

comment on macro staging.blended_price is 'Weighted mean of an input and an output price; null: a price is null';
