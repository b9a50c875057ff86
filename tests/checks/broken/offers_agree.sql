update history.offers set input_usd_per_mtok = 7 where model_id = 'm1' and provider_id = 'p' and valid_to is null;
