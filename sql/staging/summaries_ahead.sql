-- Models whose summary is ahead: newer than their record.
-- Grain: model_id.
-- Order: model_id.
-- Reads: raw.catalog_models, raw.models.
-- A summary is ahead if there is no record, or if the summary has changed since the record was
-- requested: `content_hash` then differs from `summary_hash`. A record from the response cache may
-- have no `summary_hash`. In this case, the summary is ahead if its `updated_at` is later than the
-- record's, or if either time is unknown.
-- The contents of summary and record are never compared, because they can differ although neither
-- has changed.
-- `schema.catalog.is_ahead` has the same rule.
-- Most views depend on this view. For speed, it reads the raw tables instead of the views with
-- renamed columns.
create or replace view staging.summaries_ahead as
select cast(summaries.id as varchar) as model_id
from raw.catalog_models as summaries
left join raw.models as details on summaries.id = details.id
where
    details.id is null
    or details.summary_hash <> summaries.content_hash
    or (
        details.summary_hash is null
        and (
            summaries.updated_at is null
            or details.updated_at is null
            or summaries.updated_at > details.updated_at
        )
    );

comment on view staging.summaries_ahead is 'One row per model whose summary in the catalog is newer than its record: the model''s facts and offers come from the summary, and the record is due for a fetch';
comment on column staging.summaries_ahead.model_id is 'Model id, the key of joins';
