-- A model that left the catalog.
-- Reads: marts.models.
select
    model_id,
    'not in the catalog since ' || cast(cast(unlisted_since as date) as varchar)
    || '; excluded from price comparisons and leaderboards' as detail
from marts.models
where not is_listed;
