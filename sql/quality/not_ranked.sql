-- A model without a rank in the category `overall` of marts.leaderboard: it has a score on fewer
-- than three counted benchmarks. A benchmark is counted if it is comparable and at least three
-- models have a score on it.
-- Reads: marts.scores.
select
    model_id,
    'counted benchmarks: '
    || cast(count(*) filter (where is_comparable and model_count >= 3) as varchar)
    || '; a rank requires 3' as detail
from marts.scores
group by model_id
having count(*) filter (where is_comparable and model_count >= 3) < 3;
