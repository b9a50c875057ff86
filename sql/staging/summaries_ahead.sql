-- Models whose summary is ahead: newer than their record.
-- Grain: model_id.
-- Order: model_id.
-- Reads: staging.catalog_models, staging.detail_models.
-- A summary is ahead if there is no record, or if the summary has changed since the record was
-- requested: `content_hash` then differs from `summary_hash`. A record from the response cache may
-- have no `summary_hash`. In this case, the summary is ahead if its `upstream_updated_at` is later
-- than the record's, or if either time is unknown.
-- The contents of summary and record are never compared, because they can differ although neither
-- has changed.
-- `schema.catalog.is_ahead` has the same rule.
create or replace view staging.summaries_ahead as
select summaries.model_id
from staging.catalog_models as summaries
left join staging.detail_models as details on summaries.model_id = details.model_id
where
    details.model_id is null
    or details.summary_hash <> summaries.content_hash
    or (
        details.summary_hash is null
        and (
            summaries.upstream_updated_at is null
            or details.upstream_updated_at is null
            or summaries.upstream_updated_at > details.upstream_updated_at
        )
    );

comment on view staging.summaries_ahead is 'One row per model whose summary in the catalog is newer than its record: the model''s facts and offers come from the summary, and the record is due for a fetch';
