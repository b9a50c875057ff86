-- An offer whose input or output price is not published.
-- Reads: marts.offers, staging.offer_label.
select
    model_id,
    staging.offer_label(provider_id, offer_number)
    || case
        when input_usd_per_mtok is not null then 'output price'
        when output_usd_per_mtok is not null then 'input price'
        else 'both prices'
    end
    || ' not published; excluded from price comparisons' as detail
from marts.offers
where
    input_usd_per_mtok is null
    or output_usd_per_mtok is null;
