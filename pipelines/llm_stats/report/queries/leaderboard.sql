-- Leaderboards, best first; models without a rank last.
-- Grain: category, evidence_scope, model_id.
-- Reads: marts.leaderboard.
select
    category,
    evidence_scope,
    model_id,
    mean_win_rate,
    benchmark_count,
    rank
from marts.leaderboard
order by
    rank nulls last,
    mean_win_rate desc,
    category,
    evidence_scope,
    model_id
