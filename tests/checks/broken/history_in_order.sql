update history.offers set valid_to = valid_to + interval 1 hour where model_id = 'm1' and provider_id = 'p' and valid_to is not null;
