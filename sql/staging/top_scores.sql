-- The score that the API shows for each model and category, from its field `top_scores`. Units are
-- mixed (fractions, percentages, Elo), so the scores are displayed but never compared.
-- Grain: model_id, category.
-- Order: model_id, category.
-- Reads: staging.detail_top_scores, staging.catalog_top_scores, staging.summaries_ahead.
-- If staging.summaries_ahead contains a model, its rows come from the summary. Otherwise they come
-- from the record.
create or replace view staging.top_scores as
select
    top_scores.model_id,
    top_scores.category,
    top_scores.mixed_unit_score
from staging.detail_top_scores as top_scores
left join staging.summaries_ahead on top_scores.model_id = summaries_ahead.model_id
where summaries_ahead.model_id is null
union all
select
    top_scores.model_id,
    top_scores.category,
    top_scores.mixed_unit_score
from staging.catalog_top_scores as top_scores
inner join staging.summaries_ahead on top_scores.model_id = summaries_ahead.model_id;

comment on view staging.top_scores is 'One row per model and category: the score that the API shows in the field `top_scores`, as last seen in the record or in the catalog';
