-- A model whose record has no score.
-- Reads: staging.detail_models, marts.scores.
select
    models.model_id,
    'no score listed; excluded from leaderboards' as detail
from staging.detail_models as models
where not exists (
    select 1
    from marts.scores as scores
    where scores.model_id = models.model_id
);
