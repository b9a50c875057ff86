-- A price is at least 100 times the model's median price or the other price of the same offer.
-- Severity: warning
-- Reads: marts.data_quality.
select
    rule,
    model_id,
    detail
from marts.data_quality
where rule in ('price_outlier', 'price_lopsided')
