-- An offer that cannot be bought because of its status.
-- Reads: marts.offers, staging.offer_label.
select
    model_id,
    staging.offer_label(provider_id, offer_number)
    || 'status is "' || status || '"; excluded from price comparisons' as detail
from marts.offers
where status <> 'active';
