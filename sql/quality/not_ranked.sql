-- A model without a rank in the category `overall` of marts.leaderboard: fewer than three of its
-- scores are on benchmarks that count for the rank.
-- Reads: staging.compared_scores.
select
    model_id,
    'counted benchmarks: ' || cast(count(*) filter (where is_counted) as varchar)
    || '; a rank requires 3' as detail
from staging.compared_scores
where evidence_scope = 'all'
group by model_id
having count(*) filter (where is_counted) < 3;
