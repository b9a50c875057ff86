-- Points of price against mean win rate, per category and ranked model.
-- Grain: category, model_id.
-- Reads: marts.leaderboard, marts.model_prices.
-- The frontier is defined as in marts.price_performance: a model is on it if it is better than every
-- cheaper model and at least as good as every model of the same price.
with
ranked_models as (
    select
        leaderboard.category,
        leaderboard.model_id,
        leaderboard.mean_win_rate as value,
        model_prices.min_blended_usd_per_mtok as paid_price,
        case when model_prices.has_free_offer then 0 else model_prices.min_blended_usd_per_mtok end as price
    from marts.leaderboard as leaderboard
    inner join marts.model_prices as model_prices on leaderboard.model_id = model_prices.model_id
    where
        leaderboard.evidence_scope = 'all'
        and leaderboard.rank is not null
        and model_prices.offer_count > 0
)

select
    category,
    model_id,
    value,
    value > coalesce(max(value) over cheaper, -1)
    and value = max(value) over (partition by category, price) as is_pareto,
    paid_price is not null
    and value > coalesce(max(value) over cheaper_paid, -1)
    and value = max(value) over (partition by category, paid_price) as is_pareto_paid
from ranked_models
window
    cheaper as (partition by category order by price range between unbounded preceding and current row exclude group),
    cheaper_paid as (partition by category order by paid_price nulls last range between unbounded preceding and current row exclude group)
order by
    category,
    model_id
