-- a rank of 0
update marts.offers set price_rank = 0 where model_id = 'm1' and provider_id = 'p';

-- a price ratio below 1
update marts.offers set price_ratio_to_cheapest = 0.9 where model_id = 'm1' and provider_id = 'p';

-- an input price below 0
update marts.offers set input_usd_per_mtok = -1 where model_id = 'm1' and provider_id = 'p';

-- an output price below 0
update marts.offers set output_usd_per_mtok = -1 where model_id = 'm1' and provider_id = 'p';

-- an infinite input price
update marts.offers set input_usd_per_mtok = 'inf' where model_id = 'm1' and provider_id = 'p';

-- an infinite output price
update marts.offers set output_usd_per_mtok = 'inf' where model_id = 'm1' and provider_id = 'p';

-- a blended price below both prices
update marts.offers set blended_usd_per_mtok = 0.9 where model_id = 'm1' and provider_id = 'q';

-- a blended price above both prices
update marts.offers set blended_usd_per_mtok = 1.1 where model_id = 'm1' and provider_id = 'q';

-- no blended price though both prices are known
update marts.offers set blended_usd_per_mtok = null where model_id = 'm1' and provider_id = 'p';

-- a blended price though the input price is not known
update marts.offers set input_usd_per_mtok = null where model_id = 'm1' and provider_id = 'p';

-- a blended price though the output price is not known
update marts.offers set output_usd_per_mtok = null where model_id = 'm1' and provider_id = 'p';

-- a minimum above the median
update marts.model_prices set min_blended_usd_per_mtok = median_blended_usd_per_mtok + 0.1 where model_id = 'm1';

-- a median above the maximum
update marts.model_prices set median_blended_usd_per_mtok = max_blended_usd_per_mtok + 0.1 where model_id = 'm1';

-- a spread below 1
update marts.model_prices set spread_ratio = 0.9 where model_id = 'm1';
