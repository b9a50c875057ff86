-- A model without an offer.
-- Reads: staging.models, marts.offers.
select
    models.model_id,
    'no provider listed; excluded from price comparisons' as detail
from staging.models as models
where not exists (
    select 1
    from marts.offers as offers
    where offers.model_id = models.model_id
);
