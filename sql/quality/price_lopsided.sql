-- An offer whose input and output prices differ by a factor of 100 or more.
-- Reads: marts.offers, staging.offer_label, staging.number_text.
-- If a model has only one offer, the rule price_outlier cannot find a wrong price, because the
-- offer's price is the median. The ratio of input and output price can reveal the wrong price.
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
