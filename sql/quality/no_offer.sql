-- A model without a provider.
-- Reads: staging.models, marts.offers.
select
    models.model_id,
    'no provider listed: in no price comparison' as detail
from staging.models as models
where models.model_id not in (select offers.model_id from marts.offers as offers);
