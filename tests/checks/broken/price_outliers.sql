update raw.models__providers set output_price_per_m = 1000 where model_id = 'm1' and provider_id = 'q';
update history.offers set output_usd_per_mtok = 1000 where model_id = 'm1' and provider_id = 'q';
