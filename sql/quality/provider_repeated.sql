-- A provider that is listed more than once for a model.
-- Reads: marts.offers, staging.provider_label.
select
    model_id,
    staging.provider_label(provider_id)
    || 'listed ' || cast(count(*) as varchar) || ' times for this model' as detail
from marts.offers
group by
    model_id,
    provider_id
having count(*) > 1;
