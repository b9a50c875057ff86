-- The facts of each model, from its record or its summary.
-- Grain: model_id.
-- Order: release_date desc nulls last, model_id.
-- Reads: staging.detail_models, staging.catalog_models, staging.summaries_ahead.
-- If staging.summaries_ahead contains a model, its facts come from the summary. Otherwise they come
-- from the record. Links to sources always come from the record, because summaries have no links.
create or replace view staging.models as
select
    details.model_id,
    details.model_name,
    details.model_description,
    details.organization_id,
    details.organization_name,
    details.license_id,
    details.license_name,
    details.allow_commercial,
    details.is_open_weight,
    details.model_type,
    details.context_window_tokens,
    details.param_count,
    details.release_date,
    details.family_id,
    details.family_name,
    details.is_served_by_gateway,
    details.gateway_endpoint,
    details.gateway_model_id,
    details.is_openai_compatible,
    details.supports_streaming,
    details.supports_tools,
    details.supports_vision,
    details.gateway_docs_url,
    details.upstream_url,
    details.upstream_source,
    details.api_ref_url,
    details.paper_url,
    details.weights_url,
    details.repo_url,
    details.upstream_created_at,
    details.upstream_updated_at,
    details.fetched_at,
    summaries.read_at,
    greatest(details.fetched_at, summaries.read_at) as seen_at,
    details.load_id,
    summaries.load_id as catalog_load_id,
    details.extra,
    details.unreadable
from staging.detail_models as details
left join staging.catalog_models as summaries on details.model_id = summaries.model_id
left join staging.summaries_ahead on details.model_id = summaries_ahead.model_id
where summaries_ahead.model_id is null
union all
select
    summaries.model_id,
    summaries.model_name,
    summaries.model_description,
    summaries.organization_id,
    summaries.organization_name,
    summaries.license_id,
    summaries.license_name,
    summaries.allow_commercial,
    summaries.is_open_weight,
    summaries.model_type,
    summaries.context_window_tokens,
    summaries.param_count,
    summaries.release_date,
    summaries.family_id,
    summaries.family_name,
    summaries.is_served_by_gateway,
    summaries.gateway_endpoint,
    summaries.gateway_model_id,
    summaries.is_openai_compatible,
    summaries.supports_streaming,
    summaries.supports_tools,
    summaries.supports_vision,
    summaries.gateway_docs_url,
    summaries.upstream_url,
    summaries.upstream_source,
    details.api_ref_url,
    details.paper_url,
    details.weights_url,
    details.repo_url,
    summaries.upstream_created_at,
    summaries.upstream_updated_at,
    details.fetched_at,
    summaries.read_at,
    greatest(details.fetched_at, summaries.read_at) as seen_at,
    details.load_id,
    summaries.load_id as catalog_load_id,
    summaries.extra,
    summaries.unreadable
from staging.catalog_models as summaries
inner join staging.summaries_ahead on summaries.model_id = summaries_ahead.model_id
left join staging.detail_models as details on summaries.model_id = details.model_id;

comment on view staging.models is 'One row per model: its facts as last seen, in its record or in the catalog';
comment on column staging.models.api_ref_url is 'URL of the model''s API reference; null if none is given, or if the record was never fetched';
comment on column staging.models.paper_url is 'URL of the paper about the model; null if none is given, or if the record was never fetched';
comment on column staging.models.weights_url is 'URL of the model''s weights; null if none is given, or if the record was never fetched';
comment on column staging.models.repo_url is 'URL of the model''s source repository; null if none is given, or if the record was never fetched';
comment on column staging.models.fetched_at is 'When the record was fetched (UTC); null if it was never fetched';
comment on column staging.models.read_at is 'Start of the read of the catalog that first returned the current summary (UTC); null if there is no summary';
comment on column staging.models.seen_at is 'The later of `fetched_at` and `read_at` (UTC)';
comment on column staging.models.load_id is 'Id of the load that wrote the record; null if the record was never fetched';
comment on column staging.models.catalog_load_id is 'Id of the load that wrote the summary; null if there is no summary';
