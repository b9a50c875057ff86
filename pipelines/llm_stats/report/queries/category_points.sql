-- Points of the chart of price against mean win rate, one per category and ranked model.
-- Grain: category, model_id.
-- Order: marts.leaderboard.
-- Reads: marts.leaderboard, marts.model_prices, staging.is_pareto.
-- The frontier is defined as in marts.price_performance: it contains each model that is better
-- than all cheaper models and at least as good as all models of the same price.
with
ranked_models as (
    select
        leaderboard.category,
        leaderboard.evidence_scope,
        leaderboard.rank,
        leaderboard.model_id,
        leaderboard.mean_win_rate,
        model_prices.min_blended_usd_per_mtok as paid_price,
        case
            when model_prices.has_free_offer then 0
            else model_prices.min_blended_usd_per_mtok
        end as price
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
    mean_win_rate as value,
    staging.is_pareto(category, price, mean_win_rate) as is_pareto,
    staging.is_pareto(category, paid_price, mean_win_rate) as is_pareto_paid
from ranked_models
