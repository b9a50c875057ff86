-- A price is at least 100 times the model's median price, or 100 times the offer's other price.
-- Severity: warning
-- Reads: marts.data_quality.
select
    rule,
    model_id,
    detail
from marts.data_quality
where rule in ('price_outlier', 'price_lopsided')
