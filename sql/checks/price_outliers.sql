-- A price is 100 times the model's median or more, or input and output are a factor of 100 or more apart.
-- Severity: warning
-- Reads: marts.data_quality.
select
    rule,
    model_id,
    detail
from marts.data_quality
where rule in ('price_outlier', 'price_lopsided')
