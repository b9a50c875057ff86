-- A price is at least 100 times the model's median, or input and output differ at least 100-fold.
-- Severity: warning
-- Reads: marts.data_quality.
select
    rule,
    model_id,
    detail
from marts.data_quality
where rule in ('price_outlier', 'price_lopsided')
