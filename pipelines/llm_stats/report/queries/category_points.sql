-- Points of the chart of price against adjusted win rate, one per category and ranked model.
-- Grain: category, model_id.
-- Order: marts.price_quality.
-- Reads: marts.price_quality.
select
    category,
    model_id,
    adjusted_win_rate as value,
    is_pareto,
    is_pareto_paid
from marts.price_quality
where evidence_scope = 'all'
