-- A price is at least 100 times the model's median, or an offer's two prices differ by that factor.
-- Severity: warning
-- Reads: marts.data_quality.
select
    rule,
    model_id,
    detail
from marts.data_quality
where rule in ('price_outlier', 'price_lopsided')
