-- An offer whose input and output prices differ by a factor of 100 or more.
-- Reads: marts.offers, staging.offer_label, staging.number_text.
-- The rule price_outlier cannot find a wrong price if the model has only one offer, because the
-- price is then its own median. This ratio can reveal it.
select
    model_id,
    staging.offer_label(provider_id, offer_number)
    || 'input price ' || staging.number_text(input_usd_per_mtok)
    || ' and output price ' || staging.number_text(output_usd_per_mtok)
    || ' differ by a factor of 100 or more' as detail
from marts.offers
where
    input_usd_per_mtok > 0
    and output_usd_per_mtok > 0
    and (
        output_usd_per_mtok / 100 >= input_usd_per_mtok
        or input_usd_per_mtok / 100 >= output_usd_per_mtok
    );
