-- A model without a score. Scores come from the record, which may not have been fetched yet.
-- Reads: staging.models, marts.scores.
select
    models.model_id,
    case when models.fetched_at is null then 'record not fetched yet' else 'no score listed' end
    || '; excluded from leaderboards' as detail
from staging.models as models
where not exists (
    select 1
    from marts.scores as scores
    where scores.model_id = models.model_id
);
