-- Leaderboards by category and evidence.
-- Grain: category, evidence_scope, model_id.
-- Order: marts.leaderboard.
-- Reads: marts.leaderboard.
select
    category,
    evidence_scope,
    model_id,
    adjusted_win_rate,
    benchmark_count,
    self_reported_share,
    rank
from marts.leaderboard
