-- Weighted mean of an input and an output price: `marts.blended_price(5, 25)` is 10.0.
-- Reads: staging.blended_price.
create or replace macro marts.blended_price(input, output, input_weight := 3, output_weight := 1) as
    staging.blended_price(input, output, input_weight, output_weight);

comment on macro marts.blended_price is 'Weighted mean of an input and an output price, in the unit of these prices. Null if one of the prices is null or the weights sum to 0. The default weights are 3 and 1, as in the columns blended_usd_per_mtok';
