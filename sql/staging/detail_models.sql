-- The facts in each model's record, with renamed columns; empty strings become null.
-- Grain: model_id.
-- Order: release_date desc nulls last, model_id.
-- Reads: raw.models.
create or replace view staging.detail_models as
select
    cast(id as varchar) as model_id,
    cast(name as varchar) as model_name,
    nullif(cast(description as varchar), '') as model_description,
    cast(organization__id as varchar) as organization_id,
    cast(organization__name as varchar) as organization_name,
    cast(license__id as varchar) as license_id,
    cast(license__name as varchar) as license_name,
    cast(license__allow_commercial as boolean) as allow_commercial,
    cast(open_weight as boolean) as is_open_weight,
    cast(model_type as varchar) as model_type,
    cast(context_window as bigint) as context_window_tokens,
    cast(param_count as bigint) as param_count,
    cast(release_date as date) as release_date,
    cast(family__id as varchar) as family_id,
    cast(family__name as varchar) as family_name,
    cast(inference__available as boolean) as is_served_by_gateway,
    nullif(cast(inference__endpoint as varchar), '') as gateway_endpoint,
    nullif(cast(inference__gateway_model_id as varchar), '') as gateway_model_id,
    cast(inference__openai_compatible as boolean) as is_openai_compatible,
    cast(inference__supports_streaming as boolean) as supports_streaming,
    cast(inference__supports_tools as boolean) as supports_tools,
    cast(inference__supports_vision as boolean) as supports_vision,
    nullif(cast(inference__docs_url as varchar), '') as gateway_docs_url,
    nullif(cast(url as varchar), '') as upstream_url,
    nullif(cast(source as varchar), '') as upstream_source,
    nullif(cast(sources__api_ref as varchar), '') as api_ref_url,
    nullif(cast(sources__paper as varchar), '') as paper_url,
    nullif(cast(sources__weights as varchar), '') as weights_url,
    nullif(cast(sources__repo as varchar), '') as repo_url,
    cast(created_at as timestamp) as upstream_created_at,
    cast(updated_at as timestamp) as upstream_updated_at,
    cast(fetched_at as timestamp) as fetched_at,
    cast(summary_hash as varchar) as summary_hash,
    cast(_dlt_load_id as varchar) as load_id,
    cast(extra as json) as extra,
    cast(unreadable as json) as unreadable
from raw.models;

comment on view staging.detail_models is 'One row per model with a record: its facts as last fetched';
comment on column staging.detail_models.model_id is 'Model id, the key of joins';
comment on column staging.detail_models.model_name is 'Display name of the model; not unique, so do not join or group by it';
comment on column staging.detail_models.model_description is 'Description of the model; null if none is given';
comment on column staging.detail_models.organization_id is 'Id of the organization that made the model';
comment on column staging.detail_models.organization_name is 'Display name of the organization; not unique, so do not join or group by it';
comment on column staging.detail_models.license_id is 'Id of the model''s license';
comment on column staging.detail_models.license_name is 'Display name of the license';
comment on column staging.detail_models.allow_commercial is 'True if upstream marks the license as allowing commercial use. False includes models that are sold only through an API, because the API''s terms of service apply to them instead of a license';
comment on column staging.detail_models.is_open_weight is 'True if the weights can be downloaded';
comment on column staging.detail_models.context_window_tokens is 'Longest input in tokens; null if not published';
comment on column staging.detail_models.family_id is 'Id of the model''s family; null if none is given';
comment on column staging.detail_models.family_name is 'Display name of the family; null if none is given';
comment on column staging.detail_models.is_served_by_gateway is 'True if the gateway of LLM Stats serves the model';
comment on column staging.detail_models.gateway_endpoint is 'URL of the gateway of LLM Stats; null if this gateway does not serve the model';
comment on column staging.detail_models.gateway_model_id is 'Id of the model at the gateway of LLM Stats; null if this gateway does not serve the model';
comment on column staging.detail_models.is_openai_compatible is 'True if the gateway of LLM Stats uses the OpenAI protocol; null if this gateway does not serve the model';
comment on column staging.detail_models.supports_streaming is 'True if the gateway of LLM Stats supports streaming for the model; null if it does not serve the model';
comment on column staging.detail_models.supports_tools is 'True if the gateway of LLM Stats supports tool calls for the model; null if it does not serve the model';
comment on column staging.detail_models.supports_vision is 'True if the gateway of LLM Stats accepts images for the model; null if it does not serve the model';
comment on column staging.detail_models.gateway_docs_url is 'URL of the LLM Stats gateway''s documentation; null if this gateway does not serve the model';
comment on column staging.detail_models.upstream_url is 'URL of the model''s page upstream; null if none is given';
comment on column staging.detail_models.upstream_source is 'Source from which upstream got the record; null if none is given';
comment on column staging.detail_models.api_ref_url is 'URL of the model''s API reference; null if none is given';
comment on column staging.detail_models.paper_url is 'URL of the paper about the model; null if none is given';
comment on column staging.detail_models.weights_url is 'URL of the model''s weights; null if none is given';
comment on column staging.detail_models.repo_url is 'URL of the model''s source repository; null if none is given';
comment on column staging.detail_models.upstream_created_at is 'When the record was created upstream (UTC); null if unknown';
comment on column staging.detail_models.upstream_updated_at is 'When the record was last changed upstream (UTC); null if unknown';
comment on column staging.detail_models.load_id is 'Id of the load that wrote the row';
