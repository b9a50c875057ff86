-- Weighted mean of an input and an output price.
-- Reads: staging.round_significant.
-- The result is rounded, so that mathematically equal prices are equal. For example, 0.15 input and
-- 0.15 output have the same blended price as 0.1 input and 0.3 output.
create or replace macro staging.blended_price(input, output, input_weight, output_weight) as
    staging.round_significant(
        cast(input_weight as double) / nullif(input_weight + output_weight, 0) * input
        + cast(output_weight as double) / nullif(input_weight + output_weight, 0) * output
    );

comment on macro staging.blended_price is 'Weighted mean of an input and an output price; null: one of the prices is null';
