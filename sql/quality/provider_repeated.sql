-- A provider that is listed more than once for a model.
-- Reads: marts.offers.
select
    model_id,
    'provider ' || provider_id || ': listed ' || cast(count(*) as varchar)
    || ' times for this model' as detail
from marts.offers
group by
    model_id,
    provider_id
having count(*) > 1;
