-- The weighted mean of an input and an output price.
-- Reads: nothing.
-- The sum is rounded to ten decimals before the division, so that prices which are equal on paper
-- tie. A sum that is too large or too small for that is not rounded.
create or replace macro staging.blended_price(input, output, input_weight, output_weight) as
    case
        when cast(input_weight as double) * input + cast(output_weight as double) * output
            between 0.01 and 1e13
            then
                cast(
                    cast(
                        cast(input_weight as double) * input + cast(output_weight as double) * output
                        as decimal(24, 10)
                    ) as double
                ) / nullif(input_weight + output_weight, 0)
        else
            cast(input_weight as double) / nullif(input_weight + output_weight, 0) * input
            + cast(output_weight as double) / nullif(input_weight + output_weight, 0) * output
    end;

comment on macro staging.blended_price is 'The weighted mean of an input and an output price; null if a price is null';
