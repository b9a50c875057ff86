-- A model whose scores were reported only by its maker.
-- Reads: marts.scores.
select
    model_id,
    'all scores (' || cast(count(*) as varchar)
    || ') come from the model''s maker; not on the independent leaderboard' as detail
from marts.scores
group by model_id
having bool_and(evidence = 'self_reported');
