-- Points of price against mean win rate, per category and ranked model.
-- Grain: category, model_id.
-- Order: marts.leaderboard.
-- Reads: marts.leaderboard, marts.model_prices, staging.is_pareto.
-- The frontier is defined as in marts.price_performance: a model is on it if it is better than every
-- cheaper model and at least as good as every model of the same price.
with
ranked_models as (
    select
        leaderboard.category,
        leaderboard.evidence_scope,
        leaderboard.rank,
        leaderboard.model_id,
        leaderboard.mean_win_rate,
        model_prices.min_blended_usd_per_mtok as paid_price,
        case when model_prices.has_free_offer then 0 else model_prices.min_blended_usd_per_mtok end as price
    from marts.leaderboard as leaderboard
    inner join marts.model_prices as model_prices on leaderboard.model_id = model_prices.model_id
    where
        leaderboard.evidence_scope = 'all'
        and leaderboard.rank is not null
        and model_prices.offer_count > 0
),

best_values as (
    select
        category,
        price,
        max(mean_win_rate) as mean_win_rate
    from ranked_models
    group by
        category,
        price
),

frontier_points as (
    select
        category,
        price,
        mean_win_rate
    from best_values
    qualify staging.is_pareto(category, price, mean_win_rate)
),

paid_best_values as (
    select
        category,
        paid_price,
        max(mean_win_rate) as mean_win_rate
    from ranked_models
    where paid_price is not null
    group by
        category,
        paid_price
),

paid_frontier_points as (
    select
        category,
        paid_price,
        mean_win_rate
    from paid_best_values
    qualify staging.is_pareto(category, paid_price, mean_win_rate)
),

classified_models as (
    select
        ranked_models.category,
        ranked_models.evidence_scope,
        ranked_models.rank,
        ranked_models.model_id,
        ranked_models.mean_win_rate,
        frontier_points.category is not null as is_pareto,
        paid_frontier_points.category is not null as is_pareto_paid
    from ranked_models
    left join frontier_points
        on
            ranked_models.category = frontier_points.category
            and ranked_models.price = frontier_points.price
            and ranked_models.mean_win_rate = frontier_points.mean_win_rate
    left join paid_frontier_points
        on
            ranked_models.category = paid_frontier_points.category
            and ranked_models.paid_price = paid_frontier_points.paid_price
            and ranked_models.mean_win_rate = paid_frontier_points.mean_win_rate
)

select
    category,
    model_id,
    mean_win_rate as value,
    is_pareto,
    is_pareto_paid
from classified_models
