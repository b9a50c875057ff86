-- Weighted mean of an input and an output price.
-- Reads: staging.round_significant.
-- Rounded, so that mathematically equal prices tie: 0.15 in and 0.15 out tie with 0.1 in and 0.3
-- out.
create or replace macro staging.blended_price(input, output, input_weight, output_weight) as
    staging.round_significant(
        cast(input_weight as double) / nullif(input_weight + output_weight, 0) * input
        + cast(output_weight as double) / nullif(input_weight + output_weight, 0) * output
    );

comment on macro staging.blended_price is 'Weighted mean of an input and an output price; null if a price is null';
