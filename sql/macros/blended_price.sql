-- One price out of two, at any mix of input and output: `marts.blended_price(5, 25)` is 10.0.
-- Reads: staging.blended_price.
create or replace macro marts.blended_price(input, output, input_weight := 3, output_weight := 1) as
    staging.blended_price(input, output, input_weight, output_weight);

comment on macro marts.blended_price is 'The weighted mean of an input and an output price, in their unit; null: a price is null, or the weights sum to 0. With the weights left at 3 and 1 it is blended_usd_per_mtok of the views';
