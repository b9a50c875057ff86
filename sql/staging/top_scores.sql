-- Upstream's headline number per category, in mixed units (fractions, percentages, Elo): displayed,
-- never compared.
-- Grain: model_id, category.
-- Order: model_id, category.
-- Reads: raw.models__top_scores, staging.round_significant.
create or replace view staging.top_scores as
select
    cast(model_id as varchar) as model_id,
    cast(category as varchar) as category,
    staging.round_significant(cast(score as double)) as mixed_unit_score
from raw.models__top_scores;

comment on view staging.top_scores is 'One row per category of a model''s headline numbers, in mixed units';
comment on column staging.top_scores.mixed_unit_score is 'Upstream''s number for the category, in mixed units: never comparable';
