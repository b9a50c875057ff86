-- an offer that overlaps its successor
update history.offers set valid_to = valid_to + interval 1 hour where model_id = 'm1' and provider_id = 'p' and valid_to is not null;

-- an offer that ends when it begins
update history.offers set valid_to = valid_from where model_id = 'm1' and provider_id = 'q';

-- an offer that is open twice
update history.offers set valid_to = null where model_id = 'm1' and provider_id = 'p';

-- a score that overlaps its successor
update history.scores set valid_to = valid_to + interval 1 hour where model_id = 'm1' and benchmark_id = 'd' and valid_to is not null;

-- a score that ends when it begins
update history.scores set valid_to = valid_from where model_id = 'm1' and benchmark_id = 'c';

-- a score that is open twice
update history.scores set valid_to = null where model_id = 'm1' and benchmark_id = 'd';

-- a listing that overlaps its successor
update history.listings set valid_to = valid_to + interval 1 hour where valid_to is not null;

-- a listing that ends when it begins
update history.listings set valid_to = valid_from where model_id = 'm1';

-- a listing that is open twice
update history.listings set valid_to = null where model_id = 'left';
