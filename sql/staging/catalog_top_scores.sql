-- The field `top_scores` of each summary: one score per category. Units are mixed, so the scores
-- are never compared.
-- Grain: model_id, category.
-- Order: model_id, category.
-- Reads: raw.catalog_models__top_scores, staging.round_significant.
create or replace view staging.catalog_top_scores as
select
    cast(model_id as varchar) as model_id,
    cast(category as varchar) as category,
    staging.round_significant(cast(score as double)) as mixed_unit_score
from raw.catalog_models__top_scores;

comment on view staging.catalog_top_scores is 'One row per model and category: the score that the API shows in the field `top_scores`, as last read from the catalog';
comment on column staging.catalog_top_scores.mixed_unit_score is 'Score that the API shows for the model in the category. Units differ between rows (fractions, percentages, Elo), so never compare the scores';
