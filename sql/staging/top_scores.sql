-- Upstream's headline number of each model per category. Units are mixed (fractions, percentages,
-- Elo), so the numbers are displayed but never compared.
-- Grain: model_id, category.
-- Order: model_id, category.
-- Reads: raw.models__top_scores, staging.round_significant.
create or replace view staging.top_scores as
select
    cast(model_id as varchar) as model_id,
    cast(category as varchar) as category,
    staging.round_significant(cast(score as double)) as mixed_unit_score
from raw.models__top_scores;

comment on view staging.top_scores is 'One row per model and category: upstream''s headline number, in mixed units';
comment on column staging.top_scores.mixed_unit_score is 'Upstream''s number for the category, in mixed units: never comparable';
