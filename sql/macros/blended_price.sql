-- One price out of two, at any mix of input and output: `marts.blended_price(5, 25)` is 10.0, `marts.blended_price(5, 25, 1, 1)` is 15.0.
-- Reads: nothing.
create or replace macro marts.blended_price(input, output, input_weight := 3, output_weight := 1) as
    -- rounded to ten decimals before the division, as in marts.price_history, so that prices which are equal on paper tie
    case
        when cast(input_weight as double) * input + cast(output_weight as double) * output between 0.01 and 1e13
            then
                cast(
                    cast(cast(input_weight as double) * input + cast(output_weight as double) * output as decimal(24, 10)) as double
                ) / nullif(input_weight + output_weight, 0)
        else
            cast(input_weight as double) / nullif(input_weight + output_weight, 0) * input
            + cast(output_weight as double) / nullif(input_weight + output_weight, 0) * output
    end;

comment on macro marts.blended_price is 'The weighted mean of an input and an output price, in their unit; null: a price is null, or the weights sum to 0. With the weights left at 3 and 1 it is blended_usd_per_mtok of the views';
