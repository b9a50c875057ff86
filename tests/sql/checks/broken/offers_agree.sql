-- another price in the history
update history.offers set input_usd_per_mtok = 7 where model_id = 'm1' and provider_id = 'p' and valid_to is null;

-- an offer that the record does not have
delete from staging.offers where model_id = 'm1' and provider_id = 'p';

-- an offer that the history does not have
delete from history.offers where model_id = 'm1' and provider_id = 'p';

-- an offer that the mart does not have
delete from marts.offers where model_id = 'm1' and provider_id = 'p';

-- an offer of another model
update marts.offers set model_id = 'm2' where model_id = 'm1' and provider_id = 'p';

-- an offer of another provider
update marts.offers set provider_id = 'q' where model_id = 'm1' and provider_id = 'p';

-- an offer under another name
update marts.offers set provider_name = 'P' where model_id = 'm1' and provider_id = 'p';

-- an offer in another state
update marts.offers set status = 'gone' where model_id = 'm1' and provider_id = 'p';

-- another input price
update marts.offers set input_usd_per_mtok = 7 where model_id = 'm1' and provider_id = 'p';

-- another output price
update marts.offers set output_usd_per_mtok = null where model_id = 'm1' and provider_id = 'p';
