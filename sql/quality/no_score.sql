-- A model without a score.
-- Reads: staging.models, marts.scores.
select
    models.model_id,
    'no score listed: on no leaderboard' as detail
from staging.models as models
where models.model_id not in (select scores.model_id from marts.scores as scores);
