-- Price against overall quality: the cheapest price of each ranked model, its adjusted win rate,
-- and whether the model is on the Pareto frontier of price and win rate.
-- Grain: category, evidence_scope, model_id. Only models with a rank and an available priced
-- offer.
-- Order: category <> 'overall', category, evidence_scope, is_pareto desc, price_usd_per_mtok,
-- model_id.
-- Reads: staging.price_frontiers.
create or replace view marts.price_quality as
select
    category,
    evidence_scope,
    model_id,
    provider_id,
    price_usd_per_mtok,
    paid_price_usd_per_mtok,
    is_suspect,
    is_paid_price_suspect,
    value as adjusted_win_rate,
    rank,
    benchmark_count,
    self_reported_share,
    is_pareto,
    is_pareto_paid,
    dominated_by_model_id,
    priced_model_count
from staging.price_frontiers('leaderboard');

comment on view marts.price_quality is 'One row per category, evidence scope and ranked model with a price: the cheapest price, the adjusted win rate, and whether the model is on the Pareto frontier of price and win rate. The price is the blended price of the cheapest available offer. The adjusted win rate is an estimate. A direct comparison of two models with close rates may show a different winner: see marts.head_to_head. Models need different numbers of tokens for the same task, so a price per token is not the price of an answer';
comment on column marts.price_quality.category is 'Category of marts.leaderboard';
comment on column marts.price_quality.evidence_scope is 'Evidence scope of marts.leaderboard: `all` or `independent`. Most scores are self-reported, so `independent` may have few models or none';
comment on column marts.price_quality.model_id is 'Id of a model with a rank and an available priced offer';
comment on column marts.price_quality.provider_id is 'Id of the provider of the cheapest available priced offer; in a tie, the first id in alphabetical order';
comment on column marts.price_quality.price_usd_per_mtok is 'Blended price of the cheapest available offer, in US dollars per million tokens; 0 if free';
comment on column marts.price_quality.paid_price_usd_per_mtok is 'Lowest blended price of the model''s available offers that are not free, in US dollars per million tokens; null if only free offers are available';
comment on column marts.price_quality.adjusted_win_rate is 'Win rate, 0 to 1, adjusted for the strength of the opponents: see marts.leaderboard';
comment on column marts.price_quality.rank is 'Rank on the leaderboard among all models, with or without a price';
comment on column marts.price_quality.benchmark_count is 'Number of benchmarks that count for the rank and on which the model has a score: see marts.leaderboard';
comment on column marts.price_quality.self_reported_share is 'Share of scores that only the model''s maker reported, among the model''s scores that count for the rank, 0 to 1';
comment on column marts.price_quality.is_suspect is 'True if a price of the cheapest offer looks wrong: see marts.offers.suspect_reason';
comment on column marts.price_quality.is_paid_price_suspect is 'True if a price of the cheapest paid offer looks wrong; null if only free offers are available';
comment on column marts.price_quality.is_pareto is 'True if no other model dominates this model, see dominated_by_model_id. Models with equal price and rate get the same result';
comment on column marts.price_quality.is_pareto_paid is 'Like is_pareto, but computed from paid_price_usd_per_mtok, without free offers; false for a model with only free offers';
comment on column marts.price_quality.dominated_by_model_id is 'Cheapest model that dominates this model: at least as good in both price and rate, and better in one of them. In a tie, the model with the best rate, then the first id in alphabetical order. Null if this model is on the frontier';
comment on column marts.price_quality.priced_model_count is 'Number of models in this view for the category and evidence scope';
