-- Facts of each model, how many offers and benchmarks it has, and whether the catalog lists it.
-- Grain: model_id.
-- Order: release_date desc nulls last, model_id.
-- Reads: staging.models, staging.modalities, staging.chosen_scores, staging.current_offers,
-- staging.listed_models, history.listings.
-- Names are for display: two models may have the same name. offer_count includes unavailable
-- offers; marts.model_prices counts only available offers with both prices.
create or replace view marts.models as
with
listed_modalities as (
    select
        model_id,
        array_agg(distinct modality order by modality) as modalities
    from staging.modalities
    group by model_id
),

counted_offers as (
    select
        model_id,
        count(*) as offer_count
    from staging.current_offers
    group by model_id
),

counted_benchmarks as (
    select
        model_id,
        count(*) as benchmark_count
    from staging.chosen_scores
    group by model_id
),

current_listings as (
    select
        model_id,
        is_listed,
        valid_from
    from history.listings
    where valid_to is null
)

select
    models.model_id,
    models.model_name,
    models.model_description,
    models.model_type,
    models.organization_id,
    models.organization_name,
    models.family_id,
    models.family_name,
    models.license_id,
    models.license_name,
    models.allow_commercial,
    models.is_open_weight,
    listed_modalities.modalities,
    models.context_window_tokens,
    models.param_count,
    models.release_date,
    coalesce(counted_offers.offer_count, 0) as offer_count,
    case
        when models.fetched_at is not null then coalesce(counted_benchmarks.benchmark_count, 0)
    end as benchmark_count,
    models.is_served_by_gateway,
    models.supports_streaming,
    models.supports_tools,
    models.supports_vision,
    models.upstream_url,
    models.api_ref_url,
    models.paper_url,
    models.weights_url,
    models.repo_url,
    models.upstream_created_at,
    models.upstream_updated_at,
    models.fetched_at,
    current_listings.is_listed,
    listed_models.listed_at,
    case when not current_listings.is_listed then current_listings.valid_from end as unlisted_since
from staging.models as models
left join listed_modalities on models.model_id = listed_modalities.model_id
left join counted_offers on models.model_id = counted_offers.model_id
left join counted_benchmarks on models.model_id = counted_benchmarks.model_id
left join current_listings on models.model_id = current_listings.model_id
left join staging.listed_models as listed_models on models.model_id = listed_models.model_id;

comment on view marts.models is 'One row per model: its facts as last seen, how many offers and benchmarks it has, and whether the catalog lists it';
comment on column marts.models.modalities is 'Kinds of input and output, without duplicates, in alphabetical order; null if none is given';
comment on column marts.models.offer_count is 'Number of current offers, available or not; 0 if there are none';
comment on column marts.models.benchmark_count is 'Number of benchmarks on which the model has a score; 0 if there are none; null if the record was never fetched';
comment on column marts.models.supports_streaming is 'True if the gateway of LLM Stats supports streaming for the model; null if the gateway does not serve the model. False or null says nothing about other providers';
comment on column marts.models.supports_tools is 'True if the gateway of LLM Stats supports tool calls for the model; null if the gateway does not serve the model. False or null says nothing about other providers';
comment on column marts.models.supports_vision is 'True if the gateway of LLM Stats accepts images for the model; null if the gateway does not serve the model. False or null says nothing about other providers';
comment on column marts.models.is_listed is 'True if the catalog lists the model; false if the model left the catalog; null if this is not known yet. Treat null as listed';
comment on column marts.models.listed_at is 'Start of the last trusted read of the catalog that listed the model (UTC); null if no trusted read listed the model';
comment on column marts.models.unlisted_since is 'When the model was found to have left the catalog (UTC); null if it is listed';
