create or replace view marts.model_prices as
select model_id, 2.0 as min_blended_usd_per_mtok, 1.0 as median_blended_usd_per_mtok, 1.0 as max_blended_usd_per_mtok, 1.0 as spread_ratio
from staging.models;
